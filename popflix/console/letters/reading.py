"""Groups of dead letters and the letters of one group, as the pages show them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse

from popflix.engine import deadletters
from popflix.engine.deadletters import selecting, sources
from popflix.engine.deadletters.letters import Group, Letter, Wanted
from popflix.engine.grouping import LENGTH
from popflix.engine.models import Pause
from popflix.engine.registry import registry
from popflix.engine.views.words import cut
from popflix.lib.errors import OperatorError

MOST_GROUPS = 50
LETTERS_A_PAGE = 50
_ERROR_LENGTH = 200  # characters that are shown before the rest is folded
_LONGEST_KEY = 200


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
    def kind(self) -> str:
        return self.group.kind.replace("_", " ").capitalize()

    @property
    def error(self) -> str:
        """Without its figures, as far as the group keeps it."""
        text = self.group.text
        return f"{text}…" if len(text) >= LENGTH - 1 else text or "It said nothing."

    @property
    def count(self) -> str:
        return f"{self.group.count:,}"

    @property
    def noun(self) -> str:
        return "letter" if self.group.count == 1 else "letters"

    @property
    def about(self) -> str:
        """Which group a button is about, for who hears the page."""
        return f"{self.group.count:,} × {cut(self.error, 60)}"


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
    letters: int = 0
    filters: Mapping[str, list[Chip]] = field(default_factory=dict)
    is_filtered: bool = False

    @property
    def letters_words(self) -> str:
        letters = "1 letter" if self.letters == 1 else f"{self.letters:,} letters"
        return f"{letters} in {self.groups:,} {'group' if self.groups == 1 else 'groups'}"

    @property
    def hidden(self) -> int:
        return self.groups - len(self.shown)


def overview(wanted: Wanted) -> Overview:
    """The groups of all sources, the largest first: two queries for each source, one for all."""
    every = selecting.meant(Wanted())
    meant = [(source, group) for source, group in every if wanted.takes(group)]
    pauses = _pauses()
    return Overview(
        [ShownGroup(group, source, pauses.get(group.unit, ""))
         for source, group in meant[:MOST_GROUPS]],
        groups=len(meant),
        letters=sum(group.count for _, group in meant),
        filters=_filters([group for _, group in every], wanted),
        is_filtered=wanted != Wanted(),
    )  # fmt: skip


def group_of(source: str, group: str) -> ShownGroup | None:
    """The group of this id; None where nothing of it is left. Raises OperatorError for a source
    that nobody registered."""
    sources.find(source)
    if len(group) > _LONGEST_KEY:
        return None
    found = selecting.meant(Wanted(source=source, group=group))
    if not found:
        return None
    its_source, its_group = found[0]
    return ShownGroup(its_group, its_source, _pauses().get(its_group.unit, ""))


def unit_url(unit: str) -> str:
    """The unit's page, where such a unit is still registered."""
    return reverse("console_unit", args=[unit]) if registry.find(unit) else ""


# --- the letters of a group ---------------------------------------------------------------------


@dataclass(frozen=True)
class ShownLetter:
    """`short` is the first line of the error; `whole` all of it, where that is more."""

    key: str
    at: dt.datetime
    url: str
    short: str
    whole: str


@dataclass(frozen=True)
class LetterPage:
    letters: list[ShownLetter]
    is_first: bool
    next: str = ""  # the query of the page behind this one


def letters_of(shown: ShownGroup, after: str, at: str) -> LetterPage:
    """Fifty letters, those that were given up first at the beginning, behind the one named."""
    behind = _behind(after, at)
    found = _read(shown, behind)
    letters = [_letter(shown.source, each) for each in found[:LETTERS_A_PAGE]]
    following = ""
    if len(found) > LETTERS_A_PAGE:
        last = letters[-1]
        following = "?" + urlencode({"after": last.key, "at": last.at.isoformat()})
    return LetterPage(letters, is_first=behind is None, next=following)


def _behind(key: str, at: str) -> Letter | None:
    """Nonsense in the address leads to the first page."""
    try:
        instant = dt.datetime.fromisoformat(at)
    except ValueError:
        return None
    if not key or len(key) > _LONGEST_KEY or instant.tzinfo is None:
        return None
    return Letter(key, instant, "", "")


def _read(shown: ShownGroup, behind: Letter | None) -> list[Letter]:
    try:
        return shown.source.letters(shown.group, limit=LETTERS_A_PAGE + 1, after=behind)
    except (ValueError, OverflowError):  # no key of such rows
        return shown.source.letters(shown.group, limit=LETTERS_A_PAGE + 1)


def _letter(source: deadletters.Source, letter: Letter) -> ShownLetter:
    first = (letter.error.strip().splitlines() or ["It said nothing."])[0]
    short = cut(first, _ERROR_LENGTH)
    whole = "" if short == letter.error.strip() else letter.error
    return ShownLetter(letter.key, letter.at, source.url_of(letter.key), short, whole)


# --- filters, pauses ----------------------------------------------------------------------------


def _filters(groups: list[Group], wanted: Wanted) -> dict[str, list[Chip]]:
    """By source, and by unit within it: how many letters each of them has."""
    titles = {source.name: source.title for source in sources.registered()}
    by_source = Counter[str]()
    by_unit = Counter[str]()
    for group in groups:
        by_source[group.source] += group.count
        if wanted.source in ("", group.source) and group.unit:
            by_unit[group.unit] += group.count
    found = {
        "Source": _chips("source", by_source, titles, wanted.source, {}),
        "Unit": _chips("unit", by_unit, {}, wanted.unit, {"source": wanted.source}),
    }
    return {name: chips for name, chips in found.items() if len(chips) > 2}


def _chips(
    name: str, counts: Counter[str], titles: Mapping[str, str], on: str, kept: Mapping[str, str]
) -> list[Chip]:
    rest = {key: value for key, value in kept.items() if value}
    every = Chip("All", f"{sum(counts.values()):,}", f"?{urlencode(rest)}", not on)
    return [every] + [
        Chip(titles.get(key, key), f"{count:,}", f"?{urlencode({**rest, name: key})}", on == key)
        for key, count in counts.most_common()
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
