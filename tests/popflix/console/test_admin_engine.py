"""The plain lists of the engine: what is only read, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.engine import runs
from popflix.engine.models import (
    Event,
    Notification,
    Pause,
    Run,
    RunStatus,
    Schedule,
    Supervisor,
)
from popflix.engine.registry import Unit, registry
from popflix.lib.clock import SYSTEM_CLOCK

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
RUNS = "admin:engine_run_changelist"


@pytest.fixture(autouse=True)
def unit() -> Iterator[Unit]:
    made = registry.register(Unit("greet", lambda ctx: None))
    yield made
    registry.release("greet")


def member(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def failed(error: str = "ValueError: odd") -> Run:
    run = runs.create_run(
        "greet", {}, trigger="command", clock=SYSTEM_CLOCK, status=RunStatus.RUNNING
    )
    runs.finish(run, RunStatus.ERROR, clock=SYSTEM_CLOCK, error=error)
    return run


# --- lists --------------------------------------------------------------------------------------


def _row(name: str, number: int) -> None:
    if name == "run":
        failed()
    elif name == "event":
        Event.objects.create(run=failed(), unit="greet", at=NOW, kind="note")
    elif name == "schedule":
        Schedule(unit="greet", every_seconds=60 + number).save()
    elif name == "pause":
        Pause.objects.create(unit=f"greet-{number}", holder="operator", at=NOW, by="a", why="b")
    elif name == "supervisor":
        Supervisor.objects.create(host="h", pid=number, started_at=NOW, beat_at=NOW, workers=2)
    else:
        Notification.objects.create(
            cause=f"failing:greet:{number}", channel="email", kind="failure", subject="s",
            body="b", created_at=NOW,
        )  # fmt: skip


LISTS = ["run", "event", "schedule", "pause", "supervisor", "notification"]


@pytest.mark.parametrize("name", LISTS)
def test_one_row_and_twenty_take_the_same_queries(operator: Client, name: str) -> None:
    changelist = f"admin:engine_{name}_changelist"
    _row(name, 0)
    page(operator, changelist)
    with CaptureQueriesContext(connection) as one:
        page(operator, changelist)
    for number in range(1, 20):
        _row(name, number)
    with CaptureQueriesContext(connection) as twenty:
        page(operator, changelist)
    assert len(twenty) == len(one) <= 8


@pytest.mark.parametrize("name", ["pause", "supervisor", "notification", "run", "event"])
def test_what_the_engine_writes_is_only_looked_at(operator: Client, name: str) -> None:
    _row(name, 1)
    model = {"pause": Pause, "supervisor": Supervisor, "notification": Notification,
             "run": Run, "event": Event}[name]  # fmt: skip
    key = model.objects.latest("pk").pk  # type: ignore[attr-defined]
    assert page(operator, f"admin:engine_{name}_change", key)
    assert operator.post(reverse(f"admin:engine_{name}_add")).status_code == 403
    delete = reverse(f"admin:engine_{name}_delete", args=[key])
    assert operator.post(delete, {"post": "yes"}).status_code == 403


def test_runs_and_events_are_filtered_by_unit(operator: Client) -> None:
    run = failed()
    assert f">{run.pk}</a>" in page(operator, RUNS, unit="greet")
    assert f">{run.pk}</a>" not in page(operator, RUNS, unit="sync-media-links")
