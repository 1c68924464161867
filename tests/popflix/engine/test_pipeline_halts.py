"""What ends a pipeline early, and what becomes of its items then."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest
from django.db import OperationalError

from popflix.engine.context import FenceLost, RunContext, StopReason
from popflix.engine.pipeline import Counts, End
from popflix.lib.http import Refused
from popflix.lib.limiter import Parked
from tests.popflix.engine.fakes import FakeContext, MemorySource
from tests.popflix.engine.pipelines import ITEMS, limited, run, slow

# --- waits too long to be held here -----------------------------------------------------


@pytest.mark.parametrize("wish", [limited(20), Parked(20, "TMDB asked for a pause")])
def test_a_long_wait_gives_the_rows_back_and_parks(wish: Exception) -> None:
    source = MemorySource(ITEMS, {ITEMS[0]: [wish]})
    end = run(source, concurrency=1)
    assert end.end is End.PARKED
    assert end.parked_seconds == 20
    assert end.why in (str(wish), "TMDB asked for a pause")
    assert source.settled == []
    assert source.returned_items() == ITEMS[:4]
    assert {due_in for _, due_in, _ in source.returned} == {20}
    assert end.given_back == 4


def test_what_is_in_flight_when_a_run_parks_is_settled() -> None:
    others_in_flight = threading.Barrier(3)
    source = MemorySource(ITEMS[:3], {ITEMS[1]: [Parked(30, "a"), Parked(40, "b")]})
    source.script[ITEMS[2]] = [Parked(40, "b")]

    def meet(item: str) -> None:
        others_in_flight.wait(10)

    source.while_fetching = meet
    end = run(source)
    assert source.settled_items() == ITEMS[:1]
    assert source.returned_items() == ITEMS[1:3]
    assert end.parked_seconds == 40


def test_a_slot_that_only_our_own_threads_hide_is_waited_for_with_fewer_of_them() -> None:
    source = MemorySource(ITEMS, {ITEMS[1]: [Parked(6, "crowded")]})
    together = threading.Barrier(2)

    def meet(item: str) -> None:
        if source.fetched.total() <= 2:
            together.wait(10)

    source.while_fetching = meet
    end = run(source, concurrency=2)
    assert end.end is End.DONE
    assert source.settled_items() == ITEMS


# --- stopping ---------------------------------------------------------------------------


def test_a_stop_lets_flying_fetches_land_and_gives_back_the_rest() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS)

    def stop_at_the_second(item: str) -> None:
        if item == ITEMS[1]:
            ctx.stop_reason = StopReason.SIGNAL

    source.while_fetching = stop_at_the_second
    end = run(source, cast(RunContext, ctx), concurrency=1, batch_size=8)
    assert (end.end, end.why) == (End.STOPPED, "signal")
    assert source.settled_items() == ITEMS[:2]
    assert source.returned_items() == ITEMS[2:8]
    assert {due_in for _, due_in, _ in source.returned} == {0}


def test_a_stop_does_not_wait_for_a_back_off() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS[:1], {ITEMS[0]: [slow()]})

    def stop(item: str) -> None:
        ctx.stop_reason = StopReason.CANCEL

    source.while_fetching = stop
    run(source, cast(RunContext, ctx))
    assert source.returned_items() == ITEMS[:1]
    assert source.fetched[ITEMS[0]] == 1


def test_a_lost_fence_writes_nothing_more() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS)

    def lose(item: str) -> None:
        ctx.stop_reason = StopReason.LOST

    source.while_fetching = lose
    with pytest.raises(FenceLost):
        run(source, cast(RunContext, ctx), concurrency=1)
    assert not source.settled
    assert not source.returned


def test_a_lost_fence_closes_nothing_under_a_flying_fetch() -> None:
    ctx = FakeContext()
    source, landed = MemorySource(ITEMS), list[str]()

    def fly(item: str) -> None:
        if item == ITEMS[0]:
            threading.Event().wait(0.1)
        else:
            ctx.stop_reason = StopReason.LOST
        landed.append(item)

    source.while_fetching = fly
    with pytest.raises(FenceLost):
        run(source, cast(RunContext, ctx), concurrency=2)
    assert ITEMS[0] in landed


def test_a_second_signal_waits_for_nobody() -> None:
    ctx = FakeContext()
    source, lands = MemorySource(ITEMS), threading.Event()

    def fly(item: str) -> None:
        lands.wait(10)

    def interrupt(seconds: float) -> bool:
        raise KeyboardInterrupt

    source.while_fetching = fly
    ctx.should_stop = lambda: source.fetched.total() > 0 and interrupt(0)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run(source, cast(RunContext, ctx))
    lands.set()
    assert not source.settled


class LosesItsFence(MemorySource):
    def settle(self, ctx: RunContext, results: Sequence[Any]) -> Counts:
        raise FenceLost(1, 1)


def test_a_fence_lost_at_the_commit_ends_the_same_way() -> None:
    source = LosesItsFence(ITEMS)
    with pytest.raises(FenceLost):
        run(source)
    assert source.returned == []


def test_a_fence_lost_at_the_very_last_commit_outweighs_the_error_before_it() -> None:
    source = LosesItsFence(ITEMS[:2], {ITEMS[1]: [KeyError("videos")]})
    with pytest.raises(FenceLost):
        run(source, concurrency=1, batch_size=8, commit_every_seconds=1000)
    assert source.returned == []


# --- errors -----------------------------------------------------------------------------


def test_a_refused_key_gives_every_row_back_and_is_raised() -> None:
    source = MemorySource(ITEMS, {item: [Refused("demo", "knows no such key")] for item in ITEMS})
    with pytest.raises(Refused):
        run(source, concurrency=2)
    assert source.settled == []
    assert source.returned_items() == ITEMS[:4]
    assert {due_in for _, due_in, _ in source.returned} == {0}
    assert source.fetched.total() <= 2


def test_a_fault_that_lands_after_the_halt_is_given_back() -> None:
    source = MemorySource(ITEMS[:2], {ITEMS[0]: [Refused("demo", "no")], ITEMS[1]: [slow()]})

    both_fly = threading.Barrier(2)

    def land_later(item: str) -> None:
        both_fly.wait(10)
        if item == ITEMS[1]:
            threading.Event().wait(0.1)

    source.while_fetching = land_later
    with pytest.raises(Refused):
        run(source, concurrency=2)
    assert source.returned_items() == ITEMS[:2]
    assert source.fetched.total() == 2


def test_a_bug_in_a_fetch_settles_what_is_done_and_sets_its_item_aside() -> None:
    source = MemorySource(ITEMS, {ITEMS[2]: [KeyError("videos")]})
    with pytest.raises(KeyError):
        run(source, concurrency=1, batch_size=8)
    assert source.settled_items() == ITEMS[:2]
    back = {item: due_in for item, due_in, _ in source.returned}
    assert back == {ITEMS[2]: 3600, **dict.fromkeys(ITEMS[3:8], 0)}
    assert {why for _, _, why in source.returned} == {"KeyError"}


class Breaking(MemorySource):
    """`settle` breaks with these errors, one after the other."""

    def __init__(self, items: Sequence[str], *errors: Exception) -> None:
        super().__init__(items)
        self.errors = list(errors)

    def settle(self, ctx: RunContext, results: Sequence[Any]) -> Counts:
        if self.errors:
            raise self.errors.pop(0)
        return super().settle(ctx, results)


def test_a_batch_that_cannot_be_stored_is_set_aside() -> None:
    source = Breaking(ITEMS, ValueError("too long"))
    with pytest.raises(ValueError, match="too long"):
        run(source, concurrency=1, batch_size=4)
    aside = [item for item, due_in, _ in source.returned if due_in == 3600]
    assert aside == ITEMS[:2]
    assert sorted(source.returned_items() + source.settled_items()) == ITEMS[:4]


def test_a_database_that_fails_is_not_the_rows_fault() -> None:
    source = Breaking(ITEMS, OperationalError(2006, "server has gone away"))
    with pytest.raises(OperationalError):
        run(source, concurrency=1, batch_size=4)
    assert {due_in for _, due_in, _ in source.returned} == {0}


def test_a_deadlock_is_tried_again_and_not_noticed() -> None:
    source = Breaking(ITEMS, OperationalError(1213, "Deadlock found"))
    assert run(source).counts.done == 12


class NothingWorks(MemorySource):
    def settle(self, ctx: RunContext, results: Sequence[Any]) -> Counts:
        raise ValueError("settle")

    def give_back(self, ctx: RunContext, items: Sequence[str], **how: Any) -> None:
        raise KeyError("give_back")


def test_the_first_error_is_raised_and_later_ones_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ValueError, match="settle"):
        run(NothingWorks(ITEMS))
    assert "give_back" in caplog.text


def test_one_error_that_all_that_fly_bring_is_not_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = MemorySource(ITEMS[:4], {item: [Refused("demo", "no")] for item in ITEMS[:4]})
    all_fly = threading.Barrier(4)

    def wait_for_the_others(item: str) -> None:
        all_fly.wait(10)

    source.while_fetching = wait_for_the_others
    with pytest.raises(Refused):
        run(source, concurrency=4)
    assert source.fetched.total() == 4
    assert caplog.text == ""


def test_an_error_of_the_writer_lets_flying_fetches_land() -> None:
    source = LosesNothing(ITEMS)
    with pytest.raises(KeyError):
        run(source, concurrency=2, batch_size=4)
    assert sorted(source.settled_items() + source.returned_items()) == ITEMS[:4]


class LosesNothing(MemorySource):
    """The second claim breaks."""

    def claim(self, limit: int) -> list[str]:
        if self.claims:
            raise KeyError("claims broke")
        return super().claim(limit)
