"""The pipeline against an upstream of scripted answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from popflix.engine.context import RunContext
from popflix.engine.pipeline import Counts, End, PipelineEnd
from popflix.lib.http import NotFound, RateLimited
from tests.popflix.engine.fakes import FakeContext, MemorySource
from tests.popflix.engine.pipelines import ITEMS, limited, outcomes, run, slow

# --- the ordinary course ----------------------------------------------------------------


def test_every_item_is_fetched_once_and_settled() -> None:
    source = MemorySource(ITEMS)
    end = run(source)
    assert end.end is End.DONE
    assert source.settled_items() == ITEMS
    assert set(source.fetched.values()) == {1}
    assert end.counts == Counts(done=12, ok=12)
    assert (end.claimed, end.fetches, end.retries, end.given_back) == (12, 12, 0, 0)


def test_a_dry_source_ends_at_once() -> None:
    source = MemorySource([])
    assert run(source) == PipelineEnd(End.DONE)
    assert source.claims == [4]


def test_never_more_is_held_than_a_batch_nor_more_fetched_than_allowed() -> None:
    source = MemorySource([f"tt{n:03}" for n in range(200)])
    run(source, concurrency=5, batch_size=20)
    assert source.most_held <= 20
    assert source.most_at_once <= 5
    assert max(source.batches) <= 20


def test_the_pool_keeps_working_across_batches() -> None:
    # Each of the last three fetches of the first batch waits until an item of the second one is
    # being fetched: a pipeline that first ends a batch would never get there.
    second_batch = threading.Event()
    source = MemorySource(ITEMS)

    def wait_for_each_other(item: str) -> None:
        if item in ITEMS[8:]:
            second_batch.set()
        elif item in ITEMS[6:8]:
            assert second_batch.wait(10)

    source.while_fetching = wait_for_each_other
    end = run(source, concurrency=3, batch_size=8)
    assert end.counts.done == 12


class WaitsForTheNext(MemorySource):
    """Its first commit lasts until one more item is being fetched."""

    def settle(self, ctx: RunContext, results: Sequence[Any]) -> Counts:
        if not self.batches:
            assert self.third_fetch.wait(10)
        return super().settle(ctx, results)

    third_fetch: threading.Event


def test_no_thread_idles_while_the_writer_commits() -> None:
    source = WaitsForTheNext(ITEMS[:4])
    source.third_fetch = threading.Event()

    def ring(item: str) -> None:
        if item == ITEMS[2]:
            source.third_fetch.set()

    source.while_fetching = ring
    run(source, concurrency=1, batch_size=4)
    assert source.settled_items() == ITEMS[:4]


def test_a_limit_counts_items_and_leaves_the_rest_unclaimed() -> None:
    source = MemorySource(ITEMS, {ITEMS[0]: [slow()]})
    end = run(source, limit=5)
    assert end.end is End.LIMIT
    assert source.settled_items() == ITEMS[:5]
    assert end.retries == 1
    assert run(MemorySource(ITEMS), limit=0) == PipelineEnd(End.LIMIT)


def test_results_are_committed_after_half_a_batch() -> None:
    source = MemorySource(ITEMS)
    run(source, concurrency=1, batch_size=6, commit_every_seconds=1000)
    assert all(3 <= size <= 5 for size in source.batches[:-1])


def test_a_slow_upstreams_results_are_committed_after_a_second() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS[:6])
    source.while_fetching = lambda item: ctx.clock.sleep(0.6)
    run(source, cast(RunContext, ctx), concurrency=1, batch_size=100)
    assert sum(source.batches) == 6
    assert len(source.batches) >= 2


def test_what_somebody_waits_for_goes_first_and_is_stored_at_once() -> None:
    ctx, order = FakeContext(), list[str]()
    source = MemorySource(ITEMS)

    def note(item: str) -> None:
        order.append(item)
        ctx.clock.sleep(0.3)

    source.while_fetching = note
    clicks = {2: ["clicked"]}
    asked: list[int] = []

    def urgent(limit: int) -> list[str]:
        asked.append(limit)
        return clicks.pop(len(asked), [])

    end = run(
        source, cast(RunContext, ctx), concurrency=1, batch_size=100,
        commit_every_seconds=1000.0, claim_urgent=urgent,
    )  # fmt: skip
    assert end.counts.done == end.claimed == 13
    place = order.index("clicked")
    assert 4 <= place <= 8  # asked once a second, which is four items
    first = [item for item, _ in source.settled][: source.batches[0]]
    assert "clicked" in first
    assert source.batches[0] < 12
    assert set(asked) == {1}  # as many as can be asked about at once


def test_a_limit_holds_for_what_is_urgent_too() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS)
    source.while_fetching = lambda item: ctx.clock.sleep(1)
    end = run(
        source, cast(RunContext, ctx), concurrency=1, limit=4, batch_size=2,
        claim_urgent=lambda limit: [f"clicked at {ctx.clock.monotonic()}"],
    )  # fmt: skip
    assert (end.end, end.claimed) == (End.LIMIT, 4)


def test_progress_is_told_after_each_commit() -> None:
    told: list[PipelineEnd] = []
    run(MemorySource(ITEMS), on_progress=told.append)
    assert [each.counts.done for each in told] == sorted({each.counts.done for each in told})
    assert told[-1].counts.done == 12


# --- faults -----------------------------------------------------------------------------


def test_a_404_is_settled_without_another_try() -> None:
    source = MemorySource(ITEMS[:2], {ITEMS[0]: [NotFound("demo", "knows no such title")]})
    run(source)
    assert outcomes(source) == {ITEMS[0]: "NotFound", ITEMS[1]: "ok"}
    assert source.fetched[ITEMS[0]] == 1


def test_a_passing_fault_is_tried_again_after_a_back_off() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS[:1], {ITEMS[0]: [slow(), slow()]})
    end = run(source, cast(RunContext, ctx), random01=lambda: 1.0)
    assert outcomes(source) == {ITEMS[0]: "ok"}
    assert (end.fetches, end.retries) == (3, 2)
    assert ctx.clock.monotonic() == pytest.approx(1 + 2)  # base 1 s, doubled


def test_a_fault_that_lasts_is_settled_as_what_it_is() -> None:
    source = MemorySource(ITEMS[:1], {ITEMS[0]: [slow()] * 9})
    run(source, retries=3)
    assert outcomes(source) == {ITEMS[0]: "Unavailable"}
    assert source.fetched[ITEMS[0]] == 4


def test_while_one_item_backs_off_the_others_go_on() -> None:
    order: list[str] = []
    source = MemorySource(ITEMS[:4], {ITEMS[0]: [slow()]})
    source.while_fetching = order.append
    run(source, concurrency=1, random01=lambda: 1.0)
    assert order == [ITEMS[0], *ITEMS[1:4], ITEMS[0]]


def test_a_429_waits_as_long_as_the_limiter_says() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS[:1], {ITEMS[0]: [limited(3.5)]})
    run(source, cast(RunContext, ctx), random01=lambda: 0.0)
    assert ctx.clock.monotonic() == pytest.approx(3.5)
    assert outcomes(source) == {ITEMS[0]: "ok"}


def test_a_429_without_a_limiter_waits_as_the_upstream_asked() -> None:
    ctx = FakeContext()
    asked = RateLimited("demo", "answered 429", status=429, retry_after=2.0)
    run(MemorySource(ITEMS[:1], {ITEMS[0]: [asked]}), cast(RunContext, ctx))
    assert ctx.clock.monotonic() == pytest.approx(2.0)


# --- leases -----------------------------------------------------------------------------


def test_leases_of_items_that_wait_are_renewed_at_half_their_length() -> None:
    ctx = FakeContext()
    source = MemorySource(ITEMS[:4])
    source.while_fetching = lambda item: ctx.clock.sleep(20)
    run(source, cast(RunContext, ctx), concurrency=1, lease_seconds=60)
    # Fetched at 0, 20, 40 and 60 s: after half a lease two of them still wait.
    assert ITEMS[3] in source.renewed
    assert ITEMS[0] not in source.renewed


def test_short_work_renews_nothing() -> None:
    source = MemorySource(ITEMS)
    run(source)
    assert source.renewed == []
