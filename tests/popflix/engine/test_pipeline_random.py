"""Whatever the upstream does, no item is lost and none is settled twice."""

from __future__ import annotations

import contextlib
import itertools
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from popflix.engine.context import RunContext, StopReason
from popflix.engine.pipeline import End
from popflix.lib.http import NotFound, Refused, UpstreamError
from popflix.lib.limiter import Parked
from tests.popflix.engine.fakes import FakeContext, MemorySource, Outcome
from tests.popflix.engine.pipelines import limited, run, slow

ANSWERS: st.SearchStrategy[Outcome] = st.sampled_from(["ok"]) | st.builds(
    lambda make: make(),
    st.sampled_from(
        [
            lambda: NotFound("demo", "knows no such title"),
            slow,
            lambda: limited(2),
            lambda: limited(30),
            lambda: Parked(7, "crowded"),
            lambda: Parked(30, "paused"),
            lambda: Refused("demo", "knows no such key"),
            lambda: KeyError("a bug"),
        ]
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(0, 40),
    script=st.dictionaries(st.integers(0, 39), st.lists(ANSWERS, max_size=4), max_size=8),
    concurrency=st.integers(1, 6),
    batch_size=st.integers(1, 12),
    retries=st.integers(0, 2),
    limit=st.none() | st.integers(0, 40),
    stop_after=st.none() | st.integers(0, 60),
)
def test_whatever_happens_each_claimed_item_is_settled_or_given_back_once(
    count: int,
    script: dict[int, list[Outcome]],
    concurrency: int,
    batch_size: int,
    retries: int,
    limit: int | None,
    stop_after: int | None,
) -> None:
    items = [f"tt{n:02}" for n in range(count)]
    source = MemorySource(items, {f"tt{n:02}": answers for n, answers in script.items()})
    ctx = FakeContext()
    fetches = itertools.count()

    def maybe_stop(item: str) -> None:
        if next(fetches) == stop_after:
            ctx.stop_reason = StopReason.SIGNAL

    source.while_fetching = maybe_stop
    end = None
    with contextlib.suppress(Refused, KeyError):
        end = run(
            source,
            cast(RunContext, ctx),
            concurrency=concurrency,
            batch_size=batch_size,
            retries=retries,
            limit=limit,
        )
    claimed = [item for item in items if item not in source.waiting]
    assert sorted(source.settled_items() + source.returned_items()) == claimed
    assert source.most_held <= batch_size
    assert source.most_at_once <= concurrency
    assert limit is None or len(claimed) <= limit
    if end is not None:
        assert end.fetches == source.fetched.total()
        assert end.counts.done + end.given_back == end.claimed == len(claimed)
        assert end.end is not End.DONE or not source.waiting
        assert all(isinstance(outcome, str | UpstreamError) for _, outcome in source.settled)
