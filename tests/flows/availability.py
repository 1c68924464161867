"""Movies, the sandbox's provider, and checks of it in this process, under a clock that leaps."""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.test import override_settings

from popflix.engine import deadletters
from popflix.engine.conditions import release_what_holds
from popflix.engine.registry import registry
from popflix.engine.runner import NeverStops, RunOutcome, run_in_foreground
from popflix.lib.errors import OperatorError
from popflix.sandbox import Sandbox
from sync.availability import providers, rows
from sync.availability.models import Availability, AvailabilityFlip, Outcome
from sync.availability.types import UNIT_PREFIX
from sync.availability.units import register_provider_units
from sync.movies.models import Movie
from tests.site import ROOT, Site

NAME = "invented"
FASTEST = 1000.0  # requests per second; the sandbox bears more
CONFIRM_HOURS = 6.0
MIRRORS = 3
_LONGEST_REAL_SLEEP = 0.05


class LeapingClock:
    """The machine's clock, ahead by what was slept or leapt: hours pass at once."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._lock = threading.Lock()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        if seconds <= _LONGEST_REAL_SLEEP:
            time.sleep(max(0.0, seconds))
            return
        self.leap(seconds / 3600)

    def leap(self, hours: float) -> None:
        with self._lock:
            self._ahead += hours * 3600


@contextmanager
def provided(sandbox: Sandbox, **more: Any) -> Iterator[None]:
    """The settings that lead to the sandbox's provider, which is honest to begin with."""
    given = {
        "mirrors": MIRRORS, "rate_per_second": FASTEST, "concurrency": 16,
        "confirm_hours": CONFIRM_HOURS, **more,
    }  # fmt: skip
    sandbox.provider.set("honest", edition=1, latency_ms=0)
    sandbox.reset()
    with (
        tempfile.TemporaryDirectory() as var,
        override_settings(
            POPFLIX_VAR=Path(var),  # the limiter's own file
            POPFLIX_PROVIDERS=[sandbox.provider.entry(NAME, **given)],
        ),
    ):
        names = register_provider_units()
        try:
            yield
        finally:
            for name in names:
                registry.release(name)
                deadletters.forget(f"availability-{name.removeprefix(UNIT_PREFIX)}")


def movies(count: int) -> range:
    """So many movies; returns TMDB's ids of them."""
    ids = range(1, count + 1)
    movies_of(ids)
    return ids


def movies_of(ids: Iterable[int]) -> None:
    now = dt.datetime.now(dt.UTC)
    Movie.objects.bulk_create(
        [
            Movie(tmdb_id=number, title=f"Film {number}", created_at=now, updated_at=now)
            for number in ids
        ],
        batch_size=1000,
    )


def fill(site: Site, ids: Iterable[int]) -> None:
    """The same in a site's own database."""
    code = f"from tests.flows.availability import movies_of; movies_of({[*ids]})"
    site.manage("shell", "-v0", "-c", code, PYTHONPATH=str(ROOT))


def known(truth: Mapping[int, bool], at: dt.datetime) -> None:
    """Rows as an honest day left them: checked at `at` and due again."""
    provider = rows.provider_row(providers.find(NAME), at)
    held = dict(Movie.objects.values_list("tmdb_id", "pk"))
    made = []
    for tmdb_id, is_there in truth.items():
        found = Outcome.AVAILABLE if is_there else Outcome.UNAVAILABLE
        made.append(
            Availability(
                movie_id=held[tmdb_id],
                provider=provider,
                status=found,
                status_since=at,
                confirmed_at=at,
                last_outcome=found,
                last_checked=at,
                due_at=at,
            )
        )
    Availability.objects.bulk_create(made, batch_size=1000)


def check(clock: LeapingClock, **params: object) -> RunOutcome | None:
    """One run of the provider's unit; None where it was stopped for distrust, or may not begin."""
    unit = providers.find(NAME).unit
    release_what_holds(clock.now(), unit=unit, ask_at_once=True)
    try:
        return run_in_foreground(unit, params, stop=NeverStops(clock), clock=clock)
    except OperatorError:
        return None


def statuses(ids: Iterable[int]) -> dict[int, bool | None]:
    """What is held of each id; None where nothing is known."""
    held = {
        row.movie.tmdb_id: row.is_available
        for row in Availability.objects.filter(region="").select_related("movie")
    }
    return {number: held.get(number) for number in ids}


def changes() -> list[tuple[int, str, str]]:
    """Each flip but the first answers: TMDB's id, before and after."""
    flips = AvailabilityFlip.objects.exclude(before="").order_by("pk")
    return list(flips.values_list("availability__movie__tmdb_id", "before", "after"))
