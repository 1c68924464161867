"""run_process: the workers of a process here and now, or through the queue."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from django.db import connection

from popflix.engine import pauses
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Mode, Unit, registry
from popflix.lib.clock import SYSTEM_CLOCK
from tests.popflix.engine.commands.conftest import Manage

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.usefixtures("units"),
]


def statuses() -> list[tuple[str, str]]:
    return list(Run.objects.order_by("pk").values_list("unit", "status"))


def test_a_sequence_runs_here_and_tells_its_workers_notes(manage: Manage) -> None:
    answer = manage("run_process", "greet-and-greet", "--json")
    assert answer.code == 0
    assert answer.json()["status"] == "completed"
    assert (answer.json()["done"], answer.json()["total"]) == (2, 2)
    assert answer.err.count("hello") == 2
    assert statuses() == [
        ("greet-and-greet", "completed"), ("greet", "completed"), ("greet", "completed"),
    ]  # fmt: skip


def test_side_by_side_workers_all_run_although_one_fails(manage: Manage) -> None:
    if connection.vendor == "sqlite":
        return  # the tests' SQLite lies in memory, where a second writer is refused at once
    answer = manage("run_process", "side-by-side", "--param", "fail=1")
    parent = Run.objects.get(unit="side-by-side")
    assert answer.code == 1
    assert f"Run {parent.pk} of side-by-side ended in error: count-up" in answer.err
    assert "ValueError: cannot count 1" in answer.err
    assert ("greet", "completed") in statuses()


def test_run_unit_on_a_process_runs_it_as_one(manage: Manage) -> None:
    assert manage("run_unit", "greet-and-greet").code == 0
    assert len(statuses()) == 3


def test_a_worker_is_no_process_and_the_processes_are_named(manage: Manage) -> None:
    answer = manage("run_process", "greet")
    assert answer.code == 1
    assert "greet is no process." in answer.err
    assert "greet-and-greet, movies, shows, side-by-side" in answer.err
    assert "There is no unit nonsense." in manage("run_process", "nonsense").err


def test_enqueued_the_whole_group_waits_for_the_workers(manage: Manage) -> None:
    answer = manage("run_process", "side-by-side", "--enqueue", "--json")
    assert (answer.code, answer.json()["status"]) == (0, "queued")
    assert {status for _, status in statuses()} == {"queued"}
    assert Run.objects.filter(parent_id=answer.json()["run"]).count() == 2


def test_a_paused_worker_refuses_the_process(manage: Manage) -> None:
    pauses.pause("greet", by="anna", why="the disk is full", now=SYSTEM_CLOCK.now())
    answer = manage("run_process", "greet-and-greet")
    assert answer.code == 1
    assert "greet is paused (by anna: the disk is full)." in answer.err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "term"]
)
@pytest.mark.parametrize("name", ["stops", "stops-twice"])
def test_a_signal_ends_what_runs_between_two_chunks(
    manage: Manage, number: int, code: int, name: str
) -> None:
    def body(ctx: Any) -> dict[str, object]:
        with ctx.commit(done=1):
            os.kill(os.getpid(), number)
        while not ctx.should_stop():
            pass
        return {"saved": True}

    process = Unit("stops-twice", None, mode=Mode.SEQUENTIAL, workers=("stops", "stops"))
    for unit in (Unit("stops", body), process):
        registry.register(unit)
    try:
        answer = manage("run_unit", name)
    finally:
        registry.release("stops")
        registry.release("stops-twice")
    assert answer.code == code
    assert "what was committed is saved" in answer.err
    assert {status for _, status in statuses()} == {RunStatus.CANCELLED}
