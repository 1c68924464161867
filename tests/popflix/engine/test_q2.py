"""The queue wakes runs up, and nothing it does wrong can hurt them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping

import pytest
from django.db import transaction
from django_q.models import OrmQ, Task

from popflix.engine import q2, runs
from popflix.engine.context import Parking, RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.starting import enqueue
from tests.popflix.engine.fakes import registered
from tests.popflix.engine.queue import deliver_all, redeliver
from tests.popflix.engine.seen import kinds, last

# Real transactions: django-q2 closes connections that are inside one.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def nothing(ctx: RunContext) -> None:
    """Done as soon as it began."""


def test_a_delivery_carries_one_integer_and_ends_in_a_completed_run() -> None:
    with registered(nothing):
        run = enqueue("demo", {"n": 1}, trigger="admin")
        delivery = OrmQ.objects.get().task
        assert (delivery["args"], delivery["kwargs"]) == ((run.pk,), {})
        assert deliver_all() == 1
    assert last().status == RunStatus.COMPLETED
    assert not Task.objects.exists()  # our own tables tell how it went
    assert not OrmQ.objects.exists()


def test_a_dispatch_is_part_of_its_callers_transaction() -> None:
    with registered(nothing):
        with transaction.atomic():
            enqueue("demo", {}, trigger="admin")
            transaction.set_rollback(True)
        assert not OrmQ.objects.exists()
        assert not Run.objects.exists()


def test_a_delivery_of_a_run_that_does_not_exist_is_no_failure() -> None:
    q2.dispatch(4711)
    assert deliver_all() == 1
    assert not Task.objects.exists()


def test_a_delivery_that_is_repeated_runs_nothing_twice() -> None:
    calls = itertools.count()

    def body(ctx: RunContext) -> None:
        next(calls)
        redeliver()

    with registered(body):
        run = enqueue("demo", {}, trigger="admin")
        q2.dispatch(run.pk)
        assert deliver_all() >= 2
    assert next(calls) == 1
    assert kinds(run) == ["queued", "start", "complete"]


def test_no_text_of_an_error_reaches_the_queues_tables() -> None:
    def body(ctx: RunContext) -> None:
        raise ValueError("bearer abcdefghijkl")

    with registered(body):
        enqueue("demo", {}, trigger="admin")
        deliver_all()
    assert not Task.objects.exists()
    assert last().error == "ValueError: bearer [secret]"


def test_a_worker_that_is_timed_out_leaves_an_ended_run() -> None:
    class TimedOut(SystemExit):
        """What django-q2 raises in the body after its time-out."""

    def body(ctx: RunContext) -> None:
        raise TimedOut("too long")

    with registered(body):
        enqueue("demo", {}, trigger="admin")
        with pytest.raises(TimedOut):
            deliver_all()
    assert last().status == RunStatus.ERROR
    assert last().active_key is None


def test_a_run_that_hands_over_goes_on_by_its_next_delivery() -> None:
    turns = itertools.count(1)

    def body(ctx: RunContext) -> Mapping[str, object]:
        turn = next(turns)
        if turn == 1:
            with ctx.commit():
                ctx.milestone("half")
            ctx.parking = Parking(ctx.now(), "a moment")
        return {"turn": turn}

    with registered(body):
        run = enqueue("demo", {}, trigger="schedule")
        assert deliver_all() == 2
    assert (last().status, last().result) == (RunStatus.COMPLETED, {"turn": 2})
    assert kinds(run) == ["queued", "start", "milestone", "waiting", "resume", "complete"]


def test_a_delivery_takes_over_a_run_whose_worker_was_killed() -> None:
    with registered(nothing):
        run = enqueue("demo", {}, trigger="admin")
        assert runs.claim_run(run.pk, clock=_LongAgo()) is not None  # and then it died
        assert deliver_all() == 1
    assert last().status == RunStatus.COMPLETED
    assert kinds(run) == ["queued", "start", "requeue", "start", "complete"]


class _LongAgo:
    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) - dt.timedelta(seconds=31)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("a claim never sleeps")
