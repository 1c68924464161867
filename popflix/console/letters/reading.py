"""Groups of dead letters, as the pages show them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse

from popflix.console.letters import counting
from popflix.console.pieces import tones, vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.engine import deadletters
from popflix.engine.deadletters import selecting, sources
from popflix.engine.deadletters.letters import Group, Wanted
from popflix.engine.grouping import LENGTH
from popflix.engine.models import Pause
from popflix.engine.registry import registry
from popflix.engine.views.words import cut
from popflix.lib.errors import OperatorError

FAILURES = "failure"  # the vocabulary of kinds of failure
MOST_GROUPS = 50
LONGEST_KEY = 200


@dataclass(frozen=True)
class ShownGroup:
    """A group with what the pages say of it; `paused` names the unit's pause, if any."""

    group: Group
    source: deadletters.Source
    paused: str = ""

    @property
    def url(self) -> str:
        return reverse("console_letter_group", args=[self.group.source, self.group.id])

    @property
    def discard_url(self) -> str:
        chosen = {"source": self.group.source, "group": self.group.id}
        return f"{reverse('console_letters_discard')}?{urlencode(chosen)}"

    @property
    def unit_url(self) -> str:
        return unit_url(self.group.unit)

    @property
    def kind(self) -> State:
        """In the words of its app, which lists have, too; else in those of a run."""
        known = {**tones.RUNS, **vocabulary.groups().get(FAILURES, {})}
        words = self.group.kind.replace("_", " ").capitalize()
        return known.get(self.group.kind) or State(words, Tone.BAD)

    @property
    def is_at_once(self) -> bool:
        return self.group.newest - self.group.oldest < dt.timedelta(minutes=1)

    @property
    def error(self) -> str:
        """Without its figures, as far as the group keeps it."""
        text = self.group.text
        return f"{text}…" if len(text) >= LENGTH - 1 else text or "It said nothing."

    @property
    def count(self) -> str:
        return counting.words(self.group.count)

    @property
    def noun(self) -> str:
        return "letter" if self.group.count == 1 else "letters"

    @property
    def about(self) -> str:
        """Which group a button is about, for who hears the page."""
        return f"{self.count} × {cut(self.error, 60)}"


@dataclass(frozen=True)
class Chip:
    """A filter as a link."""

    label: str
    count: str
    href: str
    is_on: bool


@dataclass(frozen=True)
class Overview:
    """`letters` and `groups` count what is meant, `shown` are the largest of it."""

    shown: list[ShownGroup]
    groups: int = 0
    letters: str = "0"
    filters: Mapping[str, list[Chip]] = field(default_factory=dict)
    is_filtered: bool = False

    @property
    def letters_words(self) -> str:
        letters = "1 letter" if self.letters == "1" else f"{self.letters} letters"
        return f"{letters} in {self.groups:,} {'group' if self.groups == 1 else 'groups'}"

    @property
    def hidden(self) -> int:
        return self.groups - len(self.shown)


def overview(wanted: Wanted) -> Overview:
    """The groups of all sources, the largest first: a few queries for each source, one for all."""
    every = selecting.meant(Wanted(), most=counting.MOST + 1)
    meant = [(source, group) for source, group in every if wanted.takes(group)]
    pauses = _pauses()
    return Overview(
        [ShownGroup(group, source, pauses.get(group.unit, ""))
         for source, group in meant[:MOST_GROUPS]],
        groups=len(meant),
        letters=counting.total(group.count for _, group in meant),
        filters=_filters([group for _, group in every], wanted),
        is_filtered=wanted != Wanted(),
    )  # fmt: skip


def group_of(source: str, group: str) -> ShownGroup | None:
    """The group of this id; None where nothing of it is left. Raises OperatorError for a source
    that nobody registered."""
    sources.find(source)
    if len(group) > LONGEST_KEY:
        return None
    found = selecting.meant(Wanted(source=source, group=group), most=counting.MOST + 1)
    if not found:
        return None
    its_source, its_group = found[0]
    return ShownGroup(its_group, its_source, _pauses().get(its_group.unit, ""))


def unit_url(unit: str) -> str:
    """The unit's page, where such a unit is still registered."""
    return reverse("console_unit", args=[unit]) if registry.find(unit) else ""


# --- filters, pauses ----------------------------------------------------------------------------


def _filters(groups: list[Group], wanted: Wanted) -> dict[str, list[Chip]]:
    """By source, and by unit within it: how many letters each of them has."""
    titles = {source.name: source.title for source in sources.registered()}
    by_source, by_unit = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for group in groups:
        by_source[group.source].append(group.count)
        if wanted.source in ("", group.source) and group.unit:
            by_unit[group.unit].append(group.count)
    found = {
        "Source": _chips("source", by_source, titles, wanted.source, {}),
        "Unit": _chips("unit", by_unit, {}, wanted.unit, {"source": wanted.source}),
    }
    return {name: chips for name, chips in found.items() if len(chips) > 2}


def _chips(
    name: str,
    counts: Mapping[str, list[int]],
    titles: Mapping[str, str],
    on: str,
    kept: Mapping[str, str],
) -> list[Chip]:
    rest = {key: value for key, value in kept.items() if value}
    total = counting.total(count for some in counts.values() for count in some)
    every = Chip("All", total, f"?{urlencode(rest)}", not on)
    largest_first = sorted(counts.items(), key=lambda pair: -sum(pair[1]))
    return [every] + [
        Chip(
            titles.get(key, key),
            counting.total(some),
            f"?{urlencode({**rest, name: key})}",
            on == key,
        )
        for key, some in largest_first
    ]


def _pauses() -> dict[str, str]:
    """Why each paused unit is."""
    rows: Iterable[tuple[str, str]] = Pause.objects.values_list("unit", "why")
    return dict(rows)


def require_group(source: str, group: str) -> ShownGroup:
    """Raises OperatorError where nothing of it is left."""
    found = group_of(source, group) if source and group else None
    if found is None:
        raise OperatorError(
            "Nothing of this group is left: its letters were retried or discarded meanwhile.",
            "The list of dead letters shows what there is now.",
        )
    return found
