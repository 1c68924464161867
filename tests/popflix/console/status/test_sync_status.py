"""`manage.py sync_status`: what areas say at one instant, as a table and as JSON."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from popflix.console.status import areas, desk
from popflix.console.status.areas import Area, Standing
from popflix.engine.models import Run, RunStatus
from popflix.lib.errors import OperatorError
from tests.popflix.console.clock import FakeClock
from tests.test_project.test_commands_page import assert_told

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = FakeClock().now()
HOUR = dt.timedelta(hours=1)
FULL = Standing(
    {"live": 1200, "gone": 0, "not held": 7},
    due_count=90,
    due_since=NOW - 3 * HOUR,
    oldest_at=NOW - 48 * HOUR,
    newest_at=NOW,
    failures={"gave_up": 4},
    rate_per_second=0.5,
)


@pytest.fixture
def only() -> Iterator[list[Area]]:
    """The areas that are registered, instead of those of the apps."""
    kept, given = areas._makers[:], list[Area]()
    areas._makers[:] = [(1, lambda: given)]
    yield given
    areas._makers[:] = kept


def shown() -> tuple[dict[str, Any], list[str]]:
    lines: list[str] = []
    report = desk.show(say=lines.append, clock=FakeClock())
    return json.loads(json.dumps(report.data)), lines


def run(unit: str, status: str, **facts: Any) -> Run:
    return Run.objects.create(unit=unit, status=status, trigger="command", queued_at=NOW, **facts)


def test_an_area_is_told_with_what_is_due_and_how_long_that_takes(only: list[Area]) -> None:
    only.append(Area("films", "Films", lambda now: FULL))
    told, lines = shown()
    (area,) = told["areas"]
    assert told["at"] == NOW.isoformat()
    assert area["counts"] == {"live": 1200, "gone": 0, "not held": 7}
    assert (area["due"], area["rate_per_second"], area["eta_seconds"]) == (90, 0.5, 180.0)
    assert area["due_since"] == (NOW - 3 * HOUR).isoformat()
    words = " ".join(" ".join(lines).split())
    assert "Films 1,200 live, 7 not held 90 3 h ago 3 min 2 days ago just now 4 gave_up" in words
    assert "gone" not in words


def test_the_newest_run_of_each_unit_is_told_with_its_error(only: list[Area]) -> None:
    only.append(Area("films", "Films", lambda now: Standing({}), units=("one", "two", "never")))
    run("one", RunStatus.ERROR, error="older", finished_at=NOW - HOUR)
    newest = run("one", RunStatus.ERROR, error="the\nnewest", finished_at=NOW, done_count=5)
    run("two", RunStatus.RUNNING, started_at=NOW)
    told, lines = shown()
    runs = told["areas"][0]["runs"]
    assert [each["unit"] for each in runs] == ["one", "two"]
    assert (runs[0]["run"], runs[0]["done"], runs[0]["error"]) == (newest.pk, 5, "the\nnewest")
    assert (runs[1]["status"], runs[1]["finished_at"]) == ("running", None)
    assert any("the newest" in line for line in lines)


def test_an_area_without_a_rate_has_no_estimate_and_an_empty_one_says_so(
    only: list[Area],
) -> None:
    only.append(Area("films", "Films", lambda now: Standing({"live": 0}, due_count=3)))
    told, lines = shown()
    assert told["areas"][0]["eta_seconds"] is None
    assert told["areas"][0]["oldest_at"] is None
    assert "nothing" in " ".join(lines)


def test_an_area_that_cannot_be_counted_is_told_and_hides_no_other(only: list[Area]) -> None:
    def broken(now: dt.datetime) -> Standing:
        raise OperatorError("The setting is no list.", "Write a list.")

    only += [Area("bad", "Bad", broken), Area("films", "Films", lambda now: FULL)]
    told, lines = shown()
    assert told["areas"][0]["error"] == "The setting is no list. Write a list."
    assert told["areas"][1]["due"] == 90
    assert lines[-1] == "Bad: The setting is no list. Write a list."


def test_two_areas_of_one_name_are_a_mistake(only: list[Area]) -> None:
    only += [Area("films", title, lambda now: FULL) for title in ("One", "Two")]
    with pytest.raises(ValueError, match="films"):
        areas.registered()


def test_queued_runs_are_due_and_dead_letters_are_failures() -> None:
    run("one", RunStatus.QUEUED, active_key="one:0")
    run("two", RunStatus.RUNNING, active_key="two:0")
    run("one", RunStatus.ERROR, error="broken", error_group="broken", finished_at=NOW - HOUR)
    told, _ = shown()
    runs = next(area for area in told["areas"] if area["name"] == "runs")
    assert runs["counts"] == {"running": 1, "waiting": 0, "queued": 1}
    assert (runs["due"], runs["due_since"]) == (1, NOW.isoformat())
    assert runs["newest_at"] == (NOW - HOUR).isoformat()
    assert sum(runs["failures"].values()) == 1


def test_the_command_prints_one_object_and_its_keys_are_told() -> None:
    printed = io.StringIO()
    call_command("sync_status", "--json", stdout=printed, stderr=io.StringIO())
    told = json.loads(printed.getvalue())
    assert_told("sync_status", told)
    for area in told["areas"]:
        assert_told("sync_status", area)
    assert {"titles", "movies", "shows", "runs"} <= {area["name"] for area in told["areas"]}
