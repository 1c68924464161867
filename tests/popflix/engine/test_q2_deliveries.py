"""A worker of a supervised cluster marks itself busy, and puts back what it has no time for."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import OperationalError
from django_q.models import OrmQ

from popflix.engine import runs
from popflix.engine.context import RunContext, StopReason
from popflix.engine.models import Run, RunStatus
from popflix.engine.q2 import deliveries, marks
from popflix.engine.q2.marks import ClusterFolder
from popflix.engine.starting import enqueue
from tests.popflix.engine.fakes import registered
from tests.popflix.engine.seen import kinds, last

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterFolder:
    made = ClusterFolder(tmp_path)
    monkeypatch.setattr(marks, "_of_this_cluster", made)
    monkeypatch.setattr(deliveries, "PUT_BACK_SECONDS", 0)
    return made


def test_a_delivery_is_run(folder: ClusterFolder) -> None:
    with registered(lambda ctx: None):
        run = enqueue("demo", {}, trigger="schedule")
        deliveries.run(run.pk)
    assert last().status == RunStatus.COMPLETED


def test_a_run_hands_over_when_its_cluster_is_being_stopped(folder: ClusterFolder) -> None:
    reasons: list[StopReason | None] = []

    def body(ctx: RunContext) -> None:
        folder.ask_to_drain()
        assert not ctx.pause(60)
        reasons.append(ctx.stop_reason)

    with registered(body):
        run = enqueue("demo", {}, trigger="schedule")
        OrmQ.objects.all().delete()
        deliveries.run(run.pk)
    assert reasons == [StopReason.DRAIN]
    assert last().status == RunStatus.WAITING
    assert OrmQ.objects.count() == 1  # for whoever works next


def test_a_cluster_that_is_being_stopped_takes_nothing_new(folder: ClusterFolder) -> None:
    folder.ask_to_drain()
    with registered(lambda ctx: None):
        run = enqueue("demo", {}, trigger="schedule")
        OrmQ.objects.all().delete()
        deliveries.run(run.pk)
    assert kinds(run) == ["queued"]
    assert OrmQ.objects.get().task["args"] == (run.pk,)


def test_a_worker_that_could_not_end_its_run_ends_itself(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def database_is_gone(*arguments: object, **named: object) -> None:
        raise OperationalError(2006, "Server has gone away")

    with registered(lambda ctx: None):
        run = enqueue("demo", {}, trigger="schedule")
        monkeypatch.setattr(runs, "finish", database_is_gone)
        with pytest.raises(SystemExit):
            deliveries.run(run.pk)
        assert last().status == RunStatus.RUNNING
        monkeypatch.setattr(Run.objects, "filter", database_is_gone)
        with pytest.raises(SystemExit):  # nor can it be asked
            deliveries.run(run.pk)


def test_a_delivery_that_cannot_be_put_back_is_no_error_of_the_queue(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def database_is_gone(run_id: int) -> None:
        raise OperationalError(2006, "Server has gone away")

    folder.ask_to_drain()
    monkeypatch.setattr(deliveries, "dispatch", database_is_gone)
    deliveries.run(1)
    assert "could not be put back" in caplog.text
