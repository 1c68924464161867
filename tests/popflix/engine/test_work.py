"""Claiming work rows: order, leases, and giving them back."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections, transaction

from popflix.engine import work
from popflix.engine.models import Lane
from tests.popflix.engine.fakes import NOON
from tests.popflix.engine.rows import Job, add_jobs
from tests.popflix.engine.vendors import on_a_server, on_sqlite

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]


def after(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def claim(
    limit: int = 10, token: str = "1-1-1", now: dt.datetime = NOON, **more: Any
) -> list[str]:
    return work.claim_rows(Job, token=token, limit=limit, lease_seconds=60, now=now, **more)


def job(name: str) -> Job:
    return Job.objects.get(name=name)


# --- claiming ---------------------------------------------------------------------------


def test_a_claim_leases_the_row_and_counts_the_attempt() -> None:
    add_jobs(1, NOON)
    (name,) = claim(token="7-2-5")
    claimed = job(name)
    assert (claimed.lease_token, claimed.due_at, claimed.attempts) == ("7-2-5", after(60), 1)
    assert claim() == []


def test_urgent_lanes_go_first_and_the_longest_due_within_a_lane() -> None:
    add_jobs(3, after(-10), lane=Lane.BACKFILL)
    add_jobs(2, after(-5), lane=Lane.OPERATOR)
    assert claim(4) == ["job-0-0000", "job-0-0001", "job-3-0000", "job-3-0001"]
    assert claim(4) == ["job-3-0002"]


def test_only_what_is_due_is_claimed() -> None:
    add_jobs(3, after(-1))  # due at -1, 0 and +1
    Job.objects.create(name="when-asked", due_at=None)
    assert claim() == ["job-3-0000", "job-3-0001"]
    assert claim(now=after(1)) == ["job-3-0002"]


def test_an_expired_lease_makes_the_row_due_again() -> None:
    add_jobs(1, NOON)
    claim()
    assert claim(token="2-1-1", now=after(59)) == []
    assert claim(token="2-1-1", now=after(60)) == ["job-3-0000"]
    assert job("job-3-0000").attempts == 2


def test_a_claim_can_be_narrowed_to_keys() -> None:
    add_jobs(3, after(-5), lane=Lane.BACKFILL)
    assert claim(only=["job-3-0001", "unknown"]) == ["job-3-0001"]
    assert claim(only=[]) == []


def test_what_operators_want_may_be_left_a_while_to_the_runs_they_started() -> None:
    add_jobs(2, after(-4), lane=Lane.OPERATOR)  # due at -4 and -3
    add_jobs(1, after(-1), lane=Lane.BACKFILL)
    assert claim(operators_after=3.5) == ["job-0-0000", "job-3-0000"]
    assert claim(operators_after=3.5, now=after(0.6)) == ["job-0-0001"]


def test_a_row_that_another_worker_won_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # On a database without row locks two claims may choose the same rows.
    add_jobs(3, after(-5))
    names = sorted(Job.objects.values_list("name", flat=True))
    claim(1, token="other-1-1")
    monkeypatch.setattr(work, "_lock", lambda *choice: list(names))
    assert claim() == names[1:]
    assert job(names[0]).lease_token == "other-1-1"


@on_sqlite
def test_a_claim_reads_a_range_of_its_index_and_sorts_nothing() -> None:
    due = Job.objects.filter(due_at__lte=NOON, lane=Lane.BACKFILL).order_by("due_at")
    plan = due.values_list("pk", flat=True)[:10].explain()
    assert "job_claim (lane=? AND due_at<?)" in plan
    assert "B-TREE" not in plan


@on_a_server
@pytest.mark.django_db(transaction=True)
def test_a_claim_that_finds_all_rows_locked_waits_for_them() -> None:
    add_jobs(5, after(-10))
    claimed: list[str] = []

    def other_worker() -> None:
        claimed.extend(claim())
        connections.close_all()

    with transaction.atomic():
        list(Job.objects.select_for_update())
        worker = threading.Thread(target=other_worker)
        worker.start()
        worker.join(0.3)
        assert worker.is_alive()
        assert claimed == []
    worker.join(10)
    assert len(claimed) == 5


@on_a_server
@pytest.mark.django_db(transaction=True)
def test_a_claim_passes_over_rows_that_another_worker_has_locked() -> None:
    add_jobs(5, after(-10))
    claimed: list[str] = []

    def other_worker() -> None:
        claimed.extend(claim(2))
        connections.close_all()

    with transaction.atomic():
        due = Job.objects.filter(lane=Lane.BACKFILL, due_at__lte=NOON).order_by("due_at")
        assert len(due.select_for_update()[:3]) == 3
        worker = threading.Thread(target=other_worker)
        worker.start()
        worker.join(10)
        assert claimed == ["job-3-0003", "job-3-0004"]


# --- holding and giving back ------------------------------------------------------------


def test_a_lease_is_renewed_only_by_its_holder() -> None:
    add_jobs(2, after(-5))
    claim(1, token="1-1-1")
    claim(1, token="2-1-1")
    names = ["job-3-0000", "job-3-0001"]
    renewed = work.renew_rows(Job, names, token_prefix="1-1-", lease_seconds=60, now=after(30))
    assert renewed == 1
    assert job("job-3-0000").due_at == after(90)
    assert job("job-3-0001").due_at == after(60)


def test_a_row_given_back_is_due_when_said_and_its_attempt_not_counted() -> None:
    add_jobs(2, after(-5))
    names = claim(1)
    Job.objects.filter(name="job-3-0001").update(lease_token="2-1-1", attempts=4)
    given = work.give_back_rows(Job, [*names, "job-3-0001"], token_prefix="1-1-", due_at=after(20))
    assert given == 1
    back = job(names[0])
    assert (back.due_at, back.lease_token, back.attempts) == (after(20), "", 0)
    assert job("job-3-0001").attempts == 4


def test_an_attempt_count_never_falls_below_zero() -> None:
    add_jobs(1, after(-5))
    names = claim()
    Job.objects.update(attempts=0)  # an operator's Retry, while the row was leased
    work.give_back_rows(Job, names, token_prefix="1-1-", due_at=NOON)
    assert job(names[0]).attempts == 0


def test_the_rows_of_a_dead_run_are_due_at_once() -> None:
    add_jobs(6, after(-10))
    for token in ("1-1-1", "1-1-2", "1-2-1", "11-1-1", "1-11-1"):
        claim(1, token=token)
    assert work.release_rows(Job, token_prefix="1-1-", now=after(5)) == 2
    back = job("job-3-0000")
    assert (back.due_at, back.lease_token, back.attempts) == (after(5), "", 0)
    held = Job.objects.exclude(lease_token="").order_by("name")
    assert list(held.values_list("lease_token", flat=True)) == ["1-2-1", "11-1-1", "1-11-1"]


def test_leases_that_ended_before_the_last_sign_of_life_are_not_searched() -> None:
    add_jobs(2, after(-200))
    claim(1, token="1-1-1", now=after(-100))
    claim(1, token="1-1-2", now=after(-30))
    assert work.release_rows(Job, token_prefix="1-1-", now=NOON, since=after(-25)) == 1
    assert job("job-3-0000").lease_token == "1-1-1"
    assert claim(token="2-1-1") == ["job-3-0000", "job-3-0001"]


# --- what comes next --------------------------------------------------------------------


def test_the_next_due_row_is_the_earliest_of_all_lanes() -> None:
    add_jobs(1, after(50), lane=Lane.OPERATOR)
    add_jobs(1, after(20), lane=Lane.BACKFILL)
    Job.objects.create(name="when-asked", due_at=None)
    assert work.next_due(Job, now=NOON, horizon_seconds=60) == after(20)
    assert work.next_due(Job, now=NOON, horizon_seconds=60, only=["job-0-0000"]) == after(50)
    assert work.next_due(Job, now=NOON, horizon_seconds=19) is None


def test_a_row_due_already_counts_as_next() -> None:
    add_jobs(1, after(-7))
    assert work.next_due(Job, now=NOON, horizon_seconds=60) == after(-7)
