"""run_unit: in the foreground or left to the queue, with one exit code for each way to end."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from popflix.engine import pauses, runs
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.registry import registry
from popflix.engine.views.params import parse_params
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import UsageError
from popflix.lib.people import os_user
from tests.popflix.engine.commands.conftest import Manage

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("units"),
]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_a_unit_runs_here_and_its_result_is_told(manage: Manage) -> None:
    answer = manage("run_unit", "count-up", "--param", "to=4")
    run = Run.objects.get()
    assert (answer.code, run.status, run.trigger) == (0, RunStatus.COMPLETED, "command")
    assert f"Run {run.pk} of count-up: completed after" in answer.out
    assert "4 done, 4 ok" in answer.out
    assert "  counted: 4" in answer.out
    assert "count-up: 4 of 4 (100 %)" in answer.out  # the reporter's


def test_what_a_result_holds_cannot_steer_the_terminal(manage: Manage) -> None:
    assert "\x1b" not in manage("run_unit", "count-up").out


def test_as_json_one_object_tells_run_status_result_and_counts(manage: Manage) -> None:
    answer = manage("run_unit", "count-up", "--json")
    assert answer.code == 0
    assert answer.json() == {
        "run": Run.objects.get().pk,
        "unit": "count-up",
        "status": "completed",
        "result": {"counted": 3, "word": "so\x1b[31m many"},
        "done": 3,
        "total": 3,
        "ok": 3,
        "failed": 0,
    }


def test_enqueued_it_is_stored_for_the_workers_in_the_name_of_who_asked(manage: Manage) -> None:
    answer = manage("run_unit", "count-up", "--enqueue", "--param", "to=4", "--json")
    run = Run.objects.get()
    assert (answer.code, answer.json()["run"], answer.json()["status"]) == (0, run.pk, "queued")
    assert run.dispatched_at is not None
    assert run.params == {"to": 4}
    queued = Event.objects.get(run=run, kind="queued")
    assert queued.payload["by"] == os_user()
    assert "`python manage.py work`" in manage("run_unit", "greet", "--enqueue").out


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["nonsense"], "There is no unit nonsense."),
        (["count-up", "--param", "colour=red"], "count-up knows no colour."),
        (["count-up", "--param", "fail=1"], "ended in error: ValueError: cannot count 1."),
    ],
)
@pytest.mark.parametrize("how", [[], ["--json"]])
def test_what_is_refused_or_breaks_ends_with_cause_and_cure(
    manage: Manage, arguments: list[str], cause: str, how: list[str]
) -> None:
    answer = manage("run_unit", *arguments, *how)
    assert answer.code == 1
    assert cause in answer.err
    assert "Fix: " in answer.err
    if how:
        assert cause in answer.json()["error"]


def test_the_known_units_are_named(manage: Manage) -> None:
    assert "greet, greet-and-greet" in manage("run_unit", "nonsense").err


@pytest.mark.parametrize("how", [[], ["--enqueue"], ["--dry-run"]])
def test_a_paused_unit_is_refused_and_says_why(manage: Manage, how: list[str]) -> None:
    pauses.pause("count-up", by="anna", why="the disk is full", now=now())
    answer = manage("run_unit", "count-up", *how)
    assert answer.code == 1
    assert "count-up is paused (by anna: the disk is full)." in answer.err
    assert not Run.objects.exists()


@pytest.mark.parametrize("how", [[], ["--enqueue"], ["--dry-run"]])
def test_a_busy_unit_is_refused_and_says_which_run_holds_it(
    manage: Manage, how: list[str]
) -> None:
    holder = runs.create_run("count-up", {}, trigger="admin", clock=SYSTEM_CLOCK)
    answer = manage("run_unit", "count-up", *how)
    assert answer.code == 1
    assert f"run {holder.pk}" in answer.err


@pytest.mark.parametrize("given", [["to"], ["=3"], ["to=3", "to=4"]])
def test_a_parameter_of_the_wrong_form_is_wrong_usage(manage: Manage, given: list[str]) -> None:
    answer = manage("run_unit", "count-up", *(f"--param={each}" for each in given))
    assert answer.code == 2
    assert not Run.objects.exists()


def test_a_dry_run_says_what_would_be_run(manage: Manage) -> None:
    answer = manage("run_unit", "count-up", "--param", "to=4", "--dry-run", "--json")
    assert (answer.code, answer.json()) == (0, {"unit": "count-up", "params": {"to": 4}})
    assert not Run.objects.exists()


def test_a_run_that_was_cancelled_from_elsewhere_ends_with_1(
    manage: Manage, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = registry.release("greet")

    def body(ctx: object) -> None:
        Run.objects.update(cancel_requested_at=now())
        while not ctx.should_stop():  # type: ignore[attr-defined]
            pass

    registry.register(type(unit)("greet", body))
    answer = manage("run_unit", "greet")
    assert answer.code == 1
    assert "was ended from elsewhere as cancelled" in answer.err


def test_values_are_json_where_they_parse_else_text() -> None:
    given = ["a=1", "b=1.5", "c=true", "d=null", 'e=["x"]', "f=tt01", "g=", "h=a=b", "i=NaN",
             'j={"k": [1]}']  # fmt: skip
    assert parse_params(given) == {
        "a": 1, "b": 1.5, "c": True, "d": None, "e": ["x"], "f": "tt01", "g": "", "h": "a=b",
        "i": "NaN", "j": {"k": [1]},
    }  # fmt: skip
    assert parse_params([f"deep={'[' * 100_000}"])["deep"] == "[" * 100_000
    deep = f"{'[' * 20}{']' * 20}"  # deeper ones are no value either: MariaDB stores none of 40
    assert parse_params([f"deep={deep}", f"deeper=[{deep}]"]) == {
        "deep": json.loads(deep), "deeper": f"[{deep}]",
    }  # fmt: skip
    with pytest.raises(UsageError, match="given twice"):
        parse_params(["a=1", "a=2"])


def test_numbers_too_long_for_a_number_stay_text() -> None:
    digits = "9" * 5000
    assert json.dumps(parse_params([f"a={digits}"])["a"]) == f'"{digits}"'
