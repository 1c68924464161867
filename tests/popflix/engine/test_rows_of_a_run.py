"""A whole run: a pipeline over the rows of a table, committed under the fence."""

from __future__ import annotations

import datetime as dt
import itertools
import signal
from collections.abc import Callable, Mapping, Sequence

import pytest

from popflix.engine import work
from popflix.engine.context import RunContext
from popflix.engine.pipeline import Counts, run_pipeline
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome
from popflix.lib.http import UpstreamError
from popflix.lib.logs import current_run
from tests.popflix.engine.fakes import NOON, FakeStop
from tests.popflix.engine.rows import Job, add_jobs
from tests.popflix.engine.seen import last

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]

Foreground = Callable[[Body], RunOutcome]


class Jobs:
    """A Source over the table of jobs."""

    def __init__(self, ctx: RunContext) -> None:
        self.ctx = ctx
        self.claims = itertools.count(1)

    def claim(self, limit: int) -> list[str]:
        token, now = self.ctx.lease_token(next(self.claims)), self.ctx.now()
        return work.claim_rows(Job, token=token, limit=limit, lease_seconds=60, now=now)

    def fetch(self, item: str) -> str:
        return f"answer to {item}"

    def settle(
        self, ctx: RunContext, results: Sequence[tuple[str, str | UpstreamError]]
    ) -> Counts:
        names = [name for name, _ in results]
        with ctx.commit(done=len(names), ok=len(names)):
            Job.objects.filter(name__in=names).update(due_at=None, lease_token="")
        return Counts(done=len(names), ok=len(names))

    def give_back(
        self, ctx: RunContext, items: Sequence[str], *, due_in_seconds: float, why: str
    ) -> None:
        due_at = ctx.now() + dt.timedelta(seconds=due_in_seconds)
        with ctx.commit():
            work.give_back_rows(Job, items, token_prefix=ctx.lease_prefix, due_at=due_at)

    def renew(self, items: Sequence[str]) -> None:
        work.renew_rows(
            Job, items, token_prefix=self.ctx.lease_prefix, lease_seconds=60, now=self.ctx.now()
        )


def work_through(ctx: RunContext) -> Mapping[str, object]:
    end = run_pipeline(ctx, Jobs(ctx), concurrency=4, batch_size=20, retries=1)
    return {"end": end.end, "given_back": end.given_back}


def test_a_pipeline_settles_every_row(foreground: Foreground) -> None:
    add_jobs(50, NOON - dt.timedelta(seconds=100))
    assert foreground(work_through).result == {"end": "done", "given_back": 0}
    assert set(Job.objects.values_list("due_at", "lease_token", "attempts")) == {(None, "", 1)}
    assert (last().done_count, last().ok_count) == (50, 50)


def test_log_lines_of_the_fetching_threads_carry_the_run(
    foreground: Foreground, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_jobs(5, NOON - dt.timedelta(seconds=100))
    scopes: set[str] = set()

    def fetch(jobs: Jobs, item: str) -> str:
        scopes.add(current_run.get())
        return item

    monkeypatch.setattr(Jobs, "fetch", fetch)
    foreground(work_through)
    assert scopes == {str(last().pk)}


def test_a_signal_in_a_pipeline_settles_what_flies_and_frees_the_rest(
    foreground: Foreground,
    stop: FakeStop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_jobs(50, NOON - dt.timedelta(seconds=100))

    def fetch_and_ring(jobs: Jobs, item: str) -> str:
        if item.endswith("0030"):
            stop.ask(signal.SIGINT)
        return item

    monkeypatch.setattr(Jobs, "fetch", fetch_and_ring)
    outcome = foreground(work_through)
    assert outcome.stopped_by == signal.SIGINT
    assert not Job.objects.exclude(lease_token="").exists()
    settled = Job.objects.filter(due_at=None, attempts=1).count()
    untouched = Job.objects.filter(due_at__lte=NOON, attempts=0).count()
    assert settled >= 31
    assert settled + untouched == 50
    assert last().done_count == settled
