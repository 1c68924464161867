"""What a run of `retry-dead-letters` did with each group, told from its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.engine.deadletters.ledger import Stage
from popflix.engine.deadletters.order import UNIT
from popflix.engine.deadletters.sample import SIZE
from popflix.engine.models import Run

__all__ = ["UNIT", "Line", "Retry", "lines", "of_group", "rendered"]
_RUNS_LOOKED_AT = 20
vocabulary.register(
    "retry of letters",
    {
        Stage.GOING: State("Going on", Tone.INFO),
        Stage.SAMPLING: State(f"Trying {SIZE}", Tone.WAIT),
        Stage.DONE: State("All put back", Tone.OK),
        Stage.STOPPED: State("Stopped", Tone.BAD),
    },
)


@dataclass(frozen=True)
class Line:
    """One group of the ledger; figures that nobody knows yet are None."""

    url: str
    error: str
    stage: str
    letters: int
    retried: int
    refused: int
    passed: int | None
    failed: int | None
    left: int | None
    why: str

    @property
    def sentences(self) -> list[str]:
        """What was done with the group, for where a table is too wide."""
        told = [f"{self.retried:,} of {self.letters:,} put back."]
        if self.passed is not None:
            told.append(f"{self.passed} of the first {SIZE} passed, {self.failed or 0} failed.")
        if self.refused:
            told.append(f"{self.refused:,} refused.")
        if self.left:
            told.append(f"{self.left:,} left as they are.")
        return [*told, self.why] if self.why else told

    @property
    def words(self) -> dict[str, str]:
        """The figures as they are read; what does not apply is a dash."""
        names = ("letters", "retried", "refused", "passed", "left")
        given = {name: getattr(self, name) for name in names}
        return {name: "–" if each is None else f"{each:,}" for name, each in given.items()}


def lines(result: Mapping[str, Any]) -> list[Line]:
    """One line for each group, in the order in which they are worked on."""
    groups = result.get("groups")
    if not isinstance(groups, Mapping):
        return []
    return [
        _line(str(group), entry) for group, entry in groups.items() if isinstance(entry, Mapping)
    ]


def _line(group: str, entry: Mapping[str, Any]) -> Line:
    return Line(
        url=_url(str(entry.get("source", "")), group),
        error=str(entry.get("error", "")) or "It said nothing.",
        stage=str(entry.get("stage", "")),
        letters=_count(entry, "letters") or 0,
        retried=_count(entry, "retried") or 0,
        refused=_count(entry, "refused") or 0,
        passed=_count(entry, "passed"),
        failed=_count(entry, "failed"),
        left=_count(entry, "left"),
        why=_why(entry),
    )


def _count(entry: Mapping[str, Any], name: str) -> int | None:
    found = entry.get(name)
    return found if isinstance(found, int) else None


def _why(entry: Mapping[str, Any]) -> str:
    said = [str(entry[name]) for name in ("why", "why_refused") if entry.get(name)]
    return " ".join(text if text.endswith(".") else f"{text}." for text in said)


def _url(source: str, group: str) -> str:
    try:
        return reverse("console_letter_group", args=[source, group])
    except NoReverseMatch:
        return ""


def rendered(result: Mapping[str, Any]) -> SafeString:
    """The ledger as a table; empty for a run that has none (yet)."""
    found = lines(result)
    if not found:
        return mark_safe("")
    return mark_safe(render_to_string("console/letters/ledger.html", {"lines": found}).strip())


@dataclass(frozen=True)
class Retry:
    """A run that retried a group, with its line about it."""

    run: Run
    url: str
    line: Line


def of_group(group: str) -> list[Retry]:
    """The last retries that worked on the group, the newest first: one query."""
    runs = Run.objects.filter(unit=UNIT).order_by("-id")[:_RUNS_LOOKED_AT]
    found = []
    for run in runs:
        groups = run.result.get("groups") if isinstance(run.result, Mapping) else None
        entry = groups.get(group) if isinstance(groups, Mapping) else None
        if isinstance(entry, Mapping):
            page = reverse("admin:engine_run_change", args=[run.pk])
            found.append(Retry(run, page, _line(group, entry)))
    return found
