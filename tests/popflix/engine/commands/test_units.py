"""units: one line each, and below it what holds the unit up."""

from __future__ import annotations

import datetime as dt

import pytest

from popflix.engine import pauses
from popflix.engine.models import Schedule, Supervisor
from popflix.engine.views.units import lines
from tests.popflix.engine.commands.conftest import Manage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("units")]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.split() and line.split()[0] == name)


def test_each_unit_has_its_line(manage: Manage) -> None:
    manage("run_unit", "count-up", "--param", "fail=1")
    answer = manage("units")
    assert answer.code == 0
    assert row(answer.out, "unit").split()[:4] == ["unit", "kind", "state", "slots"]
    assert row(answer.out, "greet").split()[1:5] == ["worker", "idle", "0/1", "0"]
    assert "parallel process" in row(answer.out, "side-by-side")
    assert " error " in row(answer.out, "count-up")
    assert "ValueError: cannot count 1" in answer.out


def test_pauses_say_who_why_and_since_when(manage: Manage) -> None:
    pauses.pause("greet", by="anna", why="the disk\x1b[1m is full", now=now())
    answer = manage("units")
    assert "    paused by anna (operator) since " in answer.out
    assert ": the disk [1m is full" in answer.out


def test_a_schedule_shows_when_and_what_is_wrong_with_it(manage: Manage) -> None:
    tomorrow = now() + dt.timedelta(days=1)
    Schedule.objects.bulk_create(
        [
            Schedule(unit="greet", every_seconds=60, next_at=tomorrow),
            Schedule(unit="count-up", cron="odd", error="cron is odd"),
        ]
    )
    answer = manage("units")
    assert f"{tomorrow:%Y-%m-%d %H:%M:%S}" in row(answer.out, "greet")
    assert "    schedule cannot fire: cron is odd" in answer.out


def test_it_says_when_nobody_is_there_to_work(manage: Manage) -> None:
    assert "No worker is running: start one with `manage.py work`." in manage("units").out
    Supervisor.objects.create(host="h", pid=1, started_at=now(), beat_at=now(), workers=2)
    assert "No worker" not in manage("units").out


def test_as_json_all_of_it_is_one_object(manage: Manage) -> None:
    pauses.pause("greet", by="anna", why="so", now=now())
    found = manage("units", "--json").json()
    assert set(found) == {"units", "supervisors", "warning"}
    greet = next(each for each in found["units"] if each["name"] == "greet")
    assert (greet["status"], greet["slots"], greet["pauses"][0]["by"]) == ("paused", 1, "anna")
    assert "manage.py work" in found["warning"]


def test_no_units_are_told() -> None:
    assert lines([], now()) == ["There are no units."]
