"""What home costs: as many queries with a full site as with an empty one."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.engine import pauses
from popflix.engine.models import Event, Run, RunSample
from popflix.engine.registry import registry
from popflix.lib.clock import SYSTEM_CLOCK

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PATHS = {
    "home": "/admin/",
    **{name: f"/admin/console/panels/{name}/" for name in ("needs", "units", "events", "history")},
}


def fill(first: int, last: int) -> None:
    """Runs at work with their samples and events, failed ones beside them, units paused."""
    now = SYSTEM_CLOCK.now()
    names = [*registry.names(), "gone"]
    for number in range(first, last):
        unit = names[number % len(names)]
        run = Run.objects.create(
            unit=unit, slot=number, active_key=f"{unit}:{number}", status="running",
            trigger="command", queued_at=now, started_at=now - dt.timedelta(seconds=90),
        )  # fmt: skip
        RunSample.objects.create(run=run, at=now, done_count=number, failed_count=0)
        Event.objects.create(run=run, unit=unit, kind="queued", at=now)
        Run.objects.create(
            unit=unit, status="error", error=f"E{number}", error_group=f"E{number}",
            trigger="command", queued_at=now, started_at=now, finished_at=now,
        )  # fmt: skip
        pauses.pause(unit, by="anna", why=f"reason {number}", now=now)


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    assert {query["sql"].split()[0] for query in captured} <= {"SELECT", "WITH", "("}
    return len(captured)


@pytest.mark.parametrize("name", PATHS)
def test_twenty_rows_cost_as_many_queries_as_one(operator: Client, name: str) -> None:
    fill(0, 1)
    one = queries(operator, PATHS[name])
    fill(1, 20)
    assert queries(operator, PATHS[name]) == one


def test_the_paths_are_those_of_the_panels() -> None:
    for name, path in PATHS.items():
        assert name == "home" or reverse("console_panel", args=[name]) == path
