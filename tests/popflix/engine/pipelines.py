"""A pipeline over scripted answers: what its tests share."""

from __future__ import annotations

from typing import Any

from popflix.engine.context import RunContext
from popflix.engine.pipeline import PipelineEnd, run_pipeline
from popflix.lib.http import RateLimited, Unavailable
from tests.popflix.engine.fakes import FakeContext, MemorySource

ITEMS = [f"tt{n:02}" for n in range(1, 13)]


def run(source: MemorySource, ctx: RunContext | None = None, **options: Any) -> PipelineEnd:
    chosen = {"concurrency": 3, "batch_size": 4, "retries": 2, "limit": None} | options
    return run_pipeline(ctx or FakeContext.make(), source, **chosen)


def outcomes(source: MemorySource) -> dict[str, object]:
    """What each item was settled with: "ok" or the name of the error."""
    return {
        item: outcome if isinstance(outcome, str) else type(outcome).__name__
        for item, outcome in source.settled
    }


def slow() -> Unavailable:
    return Unavailable("demo", "did not answer")


def limited(wait_seconds: float) -> RateLimited:
    """A 429 after which the limiter lets nobody send for so long."""
    error = RateLimited("demo", "answered 429", status=429)
    error.wait_seconds = wait_seconds
    return error
