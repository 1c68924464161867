"""A hand-written provider: what it has, how it misbehaves, and what it was asked."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from unittest import mock

from django.test import override_settings

from popflix.engine import deadletters
from popflix.engine.models import Lane, Run, RunStatus
from popflix.engine.registry import registry
from popflix.lib.clock import Clock
from popflix.lib.http import RateLimited, Unavailable
from sync.availability import checkers, rows
from sync.availability.models import Availability, Provider
from sync.availability.providers import find
from sync.availability.types import Checked, Found, Judged, ProviderConfig, Stored, Target
from sync.availability.units import letters_of, register_provider_units
from sync.movies.models import Movie
from tests.popflix.engine.fakes import NOON, FakeClock

NAME = "player"
THERE, NOT_THERE = (901, 902), (801, 802)  # the controls
ENTRY = {
    "name": NAME,
    "kind": "url",
    "template": "https://player.example/embed/{tmdb_id}",
    "hosts": ["player.example"],
    "controls": {"available": list(THERE), "unavailable": list(NOT_THERE)},
    "rate_per_second": 100,
}
Answer = Callable[[Target], Judged]


def judged(found: Found, rule: str = "") -> Judged:
    codes = {Found.AVAILABLE: 200, Found.UNAVAILABLE: 404, Found.UNKNOWN: 403}
    code = codes[found]
    return Judged(found, rule or str(code), f"answered {code}", code, "player.example", "ab" * 32)


class FakeProvider:
    """Has the titles `there`; each rule of `says` is asked first and may answer otherwise.

    Thread-safe enough for a pool: what it counts is behind a lock.
    """

    def __init__(self, there: Sequence[int] = (), clock: Clock | None = None) -> None:
        self.there = {*THERE, *there}
        self.clock: Clock = clock or FakeClock()
        self.says: list[Callable[[Target, str], Judged | None]] = []
        self.regions: Mapping[str, Answer] = {}
        self.documents: dict[int, bytes] = {}
        self.gone: set[int] = set()
        self.asked: Counter[int] = Counter()
        self.order: list[int] = []
        self.mirrors_asked: Counter[str] = Counter()
        self.stored: list[Stored] = []
        self.began = self.closed = 0
        self.mirror = ""  # that answers where none is demanded
        self.spares_stored = False
        self.before_check: Callable[[Target], None] = lambda target: None
        self._lock = threading.Lock()

    # --- a Checker ------------------------------------------------------------------------

    def begin(self, between: Callable[[], object] = lambda: None) -> None:
        between()
        self.began += 1

    def check(
        self, target: Target, lane: int, *, stored: Stored | None = None, mirror: str = ""
    ) -> Checked:
        self.before_check(target)
        mirror = mirror or self.mirror
        if stored is not None and self.spares_stored:
            self.stored.append(stored)
            return self._checked(target, mirror, at=stored.fetched_at, was_sent=False)
        with self._lock:
            self.asked[target.tmdb_id] += 1
            self.mirrors_asked[mirror] += 1
            self.order.append(target.tmdb_id)
        return self._checked(target, mirror)

    @property
    def request_count(self) -> int:
        return sum(self.asked.values())

    def close(self) -> None:
        self.closed += 1

    # --- what it says ---------------------------------------------------------------------

    def _checked(
        self,
        target: Target,
        mirror: str,
        *,
        at: dt.datetime | None = None,
        was_sent: bool = True,
    ) -> Checked:
        return Checked(
            target,
            self._judged(target, mirror),
            at or self.clock.now(),
            {region: answer(target) for region, answer in self.regions.items()},
            mirror,
            0.25,
            was_sent,
            self.documents.get(target.tmdb_id),
            target.tmdb_id in self.gone,
        )

    def _judged(self, target: Target, mirror: str) -> Judged:
        for rule in self.says:
            said = rule(target, mirror)
            if said is not None:
                return said
        is_there = target.tmdb_id in self.there
        return judged(Found.AVAILABLE if is_there else Found.UNAVAILABLE)

    def checks(self) -> dict[int, int]:
        """How often each title was asked about, controls apart."""
        return {
            number: count
            for number, count in self.asked.items()
            if number not in (*THERE, *NOT_THERE)
        }


# --- misbehaviour -------------------------------------------------------------------------------


def always(found: Found) -> Callable[[Target, str], Judged]:
    """Whatever is asked: a login page for all, 200 for all, 404 for all."""
    return lambda target, mirror: judged(found)


def limited(target: Target, mirror: str) -> Judged:
    raise RateLimited("player", "answered 429", status=429)


def faulty(target: Target, mirror: str) -> Judged:
    raise Unavailable("player", "answered 503", status=503)


def for_titles(
    rule: Callable[[Target, str], Judged], *titles: int
) -> Callable[[Target, str], Judged | None]:
    return lambda target, mirror: rule(target, mirror) if target.tmdb_id in titles else None


# --- rows and runs ------------------------------------------------------------------------------


def movie(number: int, **facts: object) -> Movie:
    given = {"title": f"Film {number}", "created_at": NOON, "updated_at": NOON, **facts}
    return Movie.objects.create(tmdb_id=number, **given)


def row(number: int, provider: str = NAME, region: str = "") -> Availability:
    return Availability.objects.get(movie__tmdb_id=number, provider__name=provider, region=region)


@contextmanager
def configured(*entries: Mapping[str, object], **more: object) -> Iterator[ProviderConfig]:
    """These entries in place of all others, with their units; `more` is added to the first."""
    first, *others = entries or (ENTRY,)
    with override_settings(POPFLIX_PROVIDERS=[{**first, **more}, *others]):
        config = find(str(first["name"]))
        known = set(registry.names())
        register_provider_units()
        try:
            yield config
        finally:
            for name in set(registry.names()) - known:
                registry.release(name)
                deadletters.forget(f"availability-{name.removeprefix('check-availability-')}")


@contextmanager
def asked_instead(fake: FakeProvider) -> Iterator[FakeProvider]:
    """`fake` is whom every checker asks."""

    def build(config: ProviderConfig, clock: Clock, **more: object) -> FakeProvider:
        return fake

    with mock.patch.object(checkers, "build_checker", build):
        yield fake


def provider_row(config: ProviderConfig) -> Provider:
    return rows.provider_row(config, NOON)


def running_run(unit: str = f"check-availability-{NAME}") -> Run:
    return Run.objects.create(
        unit=unit, trigger="command", status=RunStatus.RUNNING, queued_at=NOON
    )


def due_row(number: int, config: ProviderConfig, **facts: object) -> Availability:
    """A movie with its row, due at NOON and never checked unless told otherwise."""
    held = movie(number)
    given = {"due_at": NOON, "lane": Lane.BACKFILL, **facts}
    return Availability.objects.create(movie=held, provider=provider_row(config), **given)


__all__ = [
    "ENTRY", "NAME", "NOT_THERE", "THERE", "FakeProvider", "always", "asked_instead",
    "configured", "due_row", "faulty", "for_titles", "judged", "letters_of", "limited", "movie",
    "provider_row", "row", "running_run",
]  # fmt: skip
