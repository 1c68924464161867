"""Pipelines in a row until nothing falls due soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from popflix.engine.context import RunContext
from popflix.engine.drain import drain, together
from popflix.engine.pipeline import Counts, End, PipelineEnd
from tests.popflix.engine.fakes import FakeClock


class Waits:
    """A context that only waits, and remembers for how long and why."""

    def __init__(self, *answers: bool) -> None:
        self.clock = FakeClock()
        self.told: list[tuple[float, str]] = []
        self._answers = list(answers)

    def now(self) -> dt.datetime:
        return self.clock.now()

    def wait(self, seconds: float, why: str, *, until: Callable[[], bool] | None = None) -> bool:
        self.told.append((seconds, why))
        self.clock.sleep(seconds)
        return self._answers.pop(0) if self._answers else True


def pipelines(*ends: PipelineEnd) -> Callable[[PipelineEnd], PipelineEnd]:
    in_turn: Iterator[PipelineEnd] = iter(ends)
    return lambda so_far: next(in_turn)


def due_in(waits: Waits, *seconds: float | None) -> Callable[[float], dt.datetime | None]:
    """What `next_due` answers, call by call; nothing in the end."""
    answers = iter(seconds)

    def next_due(horizon: float) -> dt.datetime | None:
        left = next(answers, None)
        return None if left is None else waits.now() + dt.timedelta(seconds=left)

    return next_due


def go(
    waits: Waits, run_once: Callable[[PipelineEnd], PipelineEnd], *due: float | None
) -> PipelineEnd:
    ctx = cast(RunContext, waits)
    return drain(ctx, run_once, next_due=due_in(waits, *due), what="titles")


DONE = PipelineEnd(End.DONE, Counts(done=2, ok=2), claimed=2, fetches=3, retries=1)


def test_nothing_due_soon_is_the_end() -> None:
    waits = Waits()
    assert go(waits, pipelines(DONE)) == DONE
    assert waits.told == []


def test_what_falls_due_within_a_minute_is_waited_for() -> None:
    waits = Waits()
    end = go(waits, pipelines(DONE, DONE), 37.0)
    assert waits.told == [(37.0, "the next titles are due then")]
    assert end == PipelineEnd(End.DONE, Counts(done=4, ok=4), claimed=4, fetches=6, retries=2)


def test_a_row_due_already_is_claimed_after_a_breath() -> None:
    waits = Waits()
    go(waits, pipelines(DONE, DONE), -10.0)
    assert waits.told == [(0.05, "the next titles are due then")]


def test_a_pause_of_the_upstream_is_waited_for() -> None:
    parked = PipelineEnd(End.PARKED, parked_seconds=20, why="TMDB asked for a pause")
    waits = Waits()
    assert go(waits, pipelines(parked, DONE)).end is End.DONE
    assert waits.told == [(20, "TMDB asked for a pause")]


@pytest.mark.parametrize("end", [End.STOPPED, End.LIMIT])
def test_a_stop_and_a_limit_are_the_end(end: End) -> None:
    waits = Waits()
    assert go(waits, pipelines(PipelineEnd(end)), 10.0).end is end
    assert waits.told == []


def test_a_wait_that_is_refused_is_the_end() -> None:
    parked = PipelineEnd(End.PARKED, parked_seconds=600, given_back=7)
    end = go(Waits(False), pipelines(parked))
    assert (end.end, end.parked_seconds, end.given_back) == (End.PARKED, 600, 7)


def test_the_figures_so_far_are_handed_to_the_next_pipeline() -> None:
    seen: list[int] = []

    def run_once(so_far: PipelineEnd) -> PipelineEnd:
        seen.append(so_far.claimed)
        return DONE

    go(Waits(), run_once, 10.0)
    assert seen == [0, 2]


def test_a_wait_is_over_when_others_have_done_the_work() -> None:
    over: list[bool] = []

    class Asking(Waits):
        def wait(
            self, seconds: float, why: str, *, until: Callable[[], bool] | None = None
        ) -> bool:
            assert until is not None
            over.extend(until() for _ in range(3))
            return True

    go(Asking(), pipelines(DONE, DONE), 50.0, 50.0, 0.0, None)
    assert over == [False, True, True]


def test_figures_add_up_and_the_last_end_stands() -> None:
    parked = PipelineEnd(End.PARKED, Counts(1, 0, 1, 0), 1, 2, 1, 4, 9.0, "why")
    assert together(parked, DONE) == PipelineEnd(
        End.DONE, Counts(3, 2, 1, 0), claimed=3, fetches=5, retries=2, given_back=4
    )
