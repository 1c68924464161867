"""Two transactions that have the same to tell at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from popflix.engine import runs
from popflix.engine.models import Notification, Run, RunStatus
from popflix.engine.notifications import announce
from popflix.lib.locks import again_when_locked
from tests.popflix.engine.fakes import NOON, FakeClock, registered
from tests.popflix.engine.vendors import on_a_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases, on_a_server]
ROUNDS = 10


def at_once(*acts: Callable[[], object]) -> None:
    gate = threading.Barrier(len(acts))

    def act(does: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            gate.wait(timeout=10)
            return does()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(act, acts))


@pytest.fixture(autouse=True)
def channels(settings: Settings) -> Iterator[None]:
    settings.POPFLIX_NOTIFY_EMAIL = ["operator@example.org"]
    with registered(lambda ctx: None, slots=3):
        yield


def failing(run: Run, clock: FakeClock) -> Callable[[], None]:
    return lambda: runs.finish(run, RunStatus.ERROR, clock=clock, error="broke")


def test_runs_that_fail_at_the_same_moment_are_told_as_one(clock: FakeClock) -> None:
    for _ in range(ROUNDS):
        Notification.objects.all().delete()
        Run.objects.all().delete()
        three = [
            runs.create_run("demo", {}, trigger="command", clock=clock, status="running")
            for _ in range(3)
        ]
        at_once(*(failing(run, clock) for run in three))
        assert Run.objects.filter(unit="demo", status=RunStatus.ERROR).count() == 3
        assert Notification.objects.count() == 1


def test_a_cause_that_two_tell_is_stored_once() -> None:
    def tell() -> None:
        def act() -> None:
            with transaction.atomic():
                told = {"kind": "held", "subject": "A change waits", "body": "Look."}
                announce(cause=f"held:{n}", payload={}, now=NOON, **told)  # type: ignore[arg-type]

        again_when_locked(act)

    for n in range(ROUNDS):  # noqa: B007 - what `tell` tells of
        at_once(tell, tell, tell)
    assert Notification.objects.count() == ROUNDS
