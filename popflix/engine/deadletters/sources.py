"""Where dead letters come from."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from django.urls import NoReverseMatch, reverse

from popflix.engine.deadletters.letters import Group, Letter, PutBack, Reason, Verdict
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError

UrlOf = Callable[[str], str]


def nowhere(key: str) -> str:
    """Letters whose rows have no page of their own."""
    return ""


def page_of(url_name: str) -> UrlOf:
    """The address of a letter's row, from its key; empty on a site without that page."""

    def url_of(key: str) -> str:
        try:
            return reverse(url_name, args=[key])
        except NoReverseMatch:
            return ""

    return url_of


class Source(Protocol):
    """One kind of letters. What changes something is called in the caller's transaction."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def unit(self) -> str:
        """The unit that works on what is retried; empty where the retry itself starts it."""

    @property
    def url_of(self) -> UrlOf:
        """Where the run or row of a letter is looked at, by the letter's key."""

    def groups(
        self, *, before: dt.datetime | None = None, most: int | None = None, only: str = ""
    ) -> list[Group]:
        """All groups, counting the letters given up before that instant.

        For pages: of no group more than `most` need be counted, and no other group than the one
        of the id `only` need be told.
        """

    def glance(self, *, most: int, unit: str = "") -> Counter[Reason]:
        """How many letters there are, by reason, of so many at most: its cost is bounded.

        Where a unit is named, of its letters alone.
        """

    def letters(
        self,
        group: Group,
        *,
        limit: int,
        after: Letter | None = None,
        before: dt.datetime | None = None,
    ) -> list[Letter]:
        """A page of the group's letters, those that were given up first at its beginning."""

    def find(self, key: str) -> Letter | None:
        """The letter of this key, None where there is none (any more)."""

    def retry(
        self, letters: Sequence[Letter], due: Sequence[dt.datetime], *, by: str, clock: Clock
    ) -> PutBack:
        """Make the letters work again, each due at its instant. One that was retried or
        discarded meanwhile is passed over."""

    def hurry(self, letters: Sequence[Letter], *, by: str, clock: Clock) -> PutBack:
        """The same, before all other work: somebody waits for the outcome."""

    def verdicts(self, letters: Sequence[Letter]) -> list[Verdict]:
        """What became of retried letters, in their order."""

    def discard(self, letters: Sequence[Letter], now: dt.datetime) -> int:
        """They are no letters any more, nothing else changes. Returns how many were."""


_sources: dict[str, Source] = {}


def register(source: Source) -> Source:
    """Raises ValueError for a name that is taken."""
    if source.name in _sources:
        raise ValueError(f"the source {source.name} of dead letters is registered twice")
    _sources[source.name] = source
    return source


def forget(name: str) -> None:
    """Undo `register`."""
    del _sources[name]


def registered() -> list[Source]:
    return [_sources[name] for name in sorted(_sources)]


def letter_of(source: Source, key: str) -> Letter:
    """Raises OperatorError where there is none (any more)."""
    letter = source.find(key)
    if letter is None:
        raise OperatorError(
            f"{key} is no dead letter of {source.name}.",
            "`python manage.py dead_letters` lists what there is.",
        )
    return letter


def find(name: str) -> Source:
    """Raises OperatorError, listing the known names."""
    if name not in _sources:
        known = ", ".join(sorted(_sources)) or "none"
        raise OperatorError(
            f"There is no source {name} of dead letters.", f"Choose one of these: {known}."
        )
    return _sources[name]
