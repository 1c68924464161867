"""A queue run that hands over, fails or has siblings asks each title once and tells it all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from pytest_django import Settings

from popflix.engine.models import Run, RunStatus
from popflix.engine.runner import execute
from popflix.engine.starting import enqueue
from popflix.sandbox import Sandbox
from sync.links.campaign import UNIT
from sync.links.kin import attempts_of, done_by, kin_of
from sync.links.totals import added_up
from tests.sync.links.rows import NOW
from tests.sync.links.sandboxed import enrichable, enriched, expected_state, final_state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
TITLES = 60


def handed_over(params: Mapping[str, object], stretch_seconds: float = 0.2) -> tuple[Run, int]:
    """Run on the queue in short stretches to its end; how many stretches it took."""
    run = enqueue(UNIT, params, trigger="command")
    for stretch in range(1, 100):
        execute(run.pk, longest_seconds=stretch_seconds)
        run.refresh_from_db()
        if run.status != RunStatus.WAITING:
            return run, stretch
    raise AssertionError("it never ends")


def asked(sandbox: Sandbox) -> set[str]:
    return {name for name, count in sandbox.report()["by_title"].items() if count}


def test_the_figures_of_a_run_that_handed_over_are_those_of_the_whole_run() -> None:
    with enrichable(TITLES, faults="500=0.05", latency_ms=20) as sandbox:
        run, stretches = handed_over({"batch_size": 5, "concurrency": 2})
        assert (run.status, stretches > 2) == (RunStatus.COMPLETED, True), run.error
        assert final_state() == expected_state(sandbox)
        report = sandbox.report()
        assert run.result["requests"] == report["requests"]
        assert run.result["retries"] == sum(report["faults"].values())
        assert run.result["success"] + run.result["failed"] == TITLES
        assert (run.done_count, run.total_count) == (TITLES, TITLES)


def test_failed_titles_are_asked_again_once_however_often_the_run_hands_over() -> None:
    with enrichable(TITLES, latency_ms=20) as sandbox:
        enriched()
        failed = {name for name, row in final_state().items() if row["status"] == "FAILED"}
        sandbox.reset()
        run, stretches = handed_over({"retry_failed": "", "batch_size": 2, "concurrency": 1}, 0.05)
        assert stretches > 1
        assert (run.result["failed"], run.done_count) == (len(failed), len(failed))
        assert asked(sandbox) == failed


def test_a_limit_counts_over_all_stretches() -> None:
    with enrichable(TITLES, latency_ms=20):
        run, stretches = handed_over({"limit": 12, "batch_size": 4, "concurrency": 1}, 0.05)
        assert (run.done_count, stretches > 1) == (12, True)


def test_what_an_earlier_attempt_settled_is_not_asked_again() -> None:
    with enrichable(TITLES) as sandbox:
        enriched({"retry_failed": "", "imdb_ids": []})
        first = Run.objects.get()
        sandbox.reset()
        second = enqueue(UNIT, {"retry_failed": "", "limit": TITLES + 5}, trigger="schedule")
        Run.objects.filter(pk=second.pk).update(attempt=2, retry_of=first)
        execute(second.pk)
        second.refresh_from_db()
        assert second.status == RunStatus.COMPLETED
        assert asked(sandbox) == set()


def test_what_a_sibling_settled_is_not_asked_again() -> None:
    with enrichable(TITLES) as sandbox:
        parent = made()
        enriched()
        first = Run.objects.get(unit=UNIT)
        Run.objects.filter(pk=first.pk).update(parent=parent)
        sandbox.reset()
        failed = [name for name, row in final_state().items() if row["status"] == "FAILED"]
        second = enqueue(UNIT, {"imdb_ids": failed}, trigger="schedule")
        Run.objects.filter(pk=second.pk).update(parent=parent)
        execute(second.pk)
        assert asked(sandbox) == set()


def made(**columns: Any) -> Run:
    given = {"unit": "demo", "trigger": "command", "queued_at": NOW, **columns}
    return Run.objects.create(**given)


def test_kin_are_the_attempts_before_and_the_siblings() -> None:
    parent = made()
    other = made()
    first = made(parent=parent, done_count=3)
    sibling = made(parent=parent)
    second = made(parent=parent, attempt=2, retry_of=first, done_count=4)
    by_hand = made(attempt=1, retry_of=second)
    assert attempts_of(second) == [second.pk, first.pk]
    assert kin_of(second) == [first.pk, sibling.pk, second.pk]
    assert attempts_of(by_hand) == kin_of(by_hand) == [by_hand.pk]
    assert (done_by([first.pk, second.pk]), done_by([other.pk])) == (7, 0)


def test_what_was_spent_adds_up_and_what_is_left_is_the_latest() -> None:
    before = {
        "requests": 5, "retries": 1, "waited_seconds": 1.5, "seconds": 2.0, "pending": 9,
        "waits": {"pacing": 1.5},
    }  # fmt: skip
    now = {
        "requests": 2, "retries": 0, "waited_seconds": 0.75, "seconds": 1.0, "pending": 4,
        "waits": {"pacing": 0.5, "TMDB answered 429": 0.25},
    }  # fmt: skip
    assert added_up({}, now) == now
    assert added_up(before, now) == {
        "requests": 7, "retries": 1, "waited_seconds": 2.25, "seconds": 3.0, "pending": 4,
        "waits": {"pacing": 2.0, "TMDB answered 429": 0.25},
    }  # fmt: skip


def test_a_run_on_the_queue_parks_as_long_as_tmdb_asks_and_adds_up_afterwards(
    settings: Settings,
) -> None:
    settings.TMDB_RETRIES = 3
    with enrichable(TITLES, faults="429=1", fault_limit=1000, retry_after=120):
        run = enqueue(UNIT, {}, trigger="schedule")
        execute(run.pk)
        run.refresh_from_db()
        assert (run.status, run.pid) == (RunStatus.WAITING, None)
        assert run.resume_at is not None
        assert run.resume_at - dt.datetime.now(dt.UTC) > dt.timedelta(seconds=100)
        assert run.result["requests"] >= 1
