"""pause, resume and cancel: told, audited, and harmless when asked twice."""

from __future__ import annotations

import datetime as dt

import pytest

from popflix.engine import pauses, runs, starting
from popflix.engine.models import Event, Pause, Run, RunStatus
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.models import AuditEntry
from popflix.lib.people import os_user
from tests.popflix.engine.commands.conftest import Manage

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("units"),
]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def audited() -> list[tuple[str, str, str, str]]:
    columns = ("actor_name", "action", "target", "why")
    return list(AuditEntry.objects.order_by("pk").values_list(*columns))


def test_a_pause_is_stored_told_and_audited(manage: Manage) -> None:
    answer = manage("pause", "greet", "--why", "the disk is full")
    assert answer.code == 0
    assert "greet is paused." in answer.out
    pause = Pause.objects.get()
    assert (pause.unit, pause.holder, pause.by, pause.why) == (
        "greet", "operator", os_user(), "the disk is full",
    )  # fmt: skip
    event = Event.objects.get(unit="greet", kind="pause")
    assert event.payload["why"] == "the disk is full"
    assert audited() == [(os_user(), "pause unit", "greet", "the disk is full")]


def test_a_second_pause_says_whose_the_first_is(manage: Manage) -> None:
    manage("pause", "greet", "--why", "the disk is full", "--by", "anna")
    answer = manage("pause", "greet", "--why", "too loud", "--json")
    assert answer.code == 0
    assert "greet was paused already by anna (the disk is full)." in answer.err
    assert answer.json() == {
        "unit": "greet", "paused": True, "changed": False, "by": "anna", "why": "the disk is full",
    }  # fmt: skip
    assert len(audited()) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["greet"], 2), (["greet", "--why", " "], 1), (["nonsense", "--why", "x"], 1)],
)
def test_a_pause_needs_a_reason_and_a_unit(
    manage: Manage, arguments: list[str], code: int
) -> None:
    answer = manage("pause", *arguments)
    assert answer.code == code
    if "nonsense" in arguments:
        assert "count-up" in answer.err
        assert "greet" in answer.err
    assert not Pause.objects.exists()


def test_secrets_in_a_reason_are_kept_nowhere(manage: Manage) -> None:
    manage("pause", "greet", "--why", "token=abcdefgh is refused")
    assert Pause.objects.get().why == "token=[secret] is refused"
    assert audited()[0][3] == "token=[secret] is refused"


def test_resume_ends_every_pause_and_names_them(manage: Manage) -> None:
    pauses.pause("greet", by="anna", why="the disk is full", now=now())
    pauses.pause("greet", by="stop_all", why="all stop", now=now(), holder="all")
    answer = manage("resume", "greet", "--why", "there is room", "--json")
    assert answer.code == 0
    assert answer.json()["changed"] is True
    assert [each["by"] for each in answer.json()["ended"]] == ["anna", "stop_all"]
    assert not Pause.objects.exists()
    assert Event.objects.filter(unit="greet", kind="resume").count() == 2
    assert audited() == [(os_user(), "resume unit", "greet", "there is room")]


def test_resuming_what_is_not_paused_is_told(manage: Manage) -> None:
    answer = manage("resume", "greet")
    assert (answer.code, answer.out) == (0, "greet is not paused.\n")
    assert audited() == []


def test_a_pause_whose_unit_is_gone_can_be_ended_but_no_unknown_name(manage: Manage) -> None:
    pauses.pause("gone", by="anna", why="so", now=now())
    assert manage("resume", "gone").code == 0
    answer = manage("resume", "gone")
    assert answer.code == 1
    assert "There is no unit gone." in answer.err


def queued() -> Run:
    return starting.enqueue("greet", {}, trigger="admin", clock=SYSTEM_CLOCK)


def test_cancel_ends_a_run_that_nobody_holds_at_once(manage: Manage) -> None:
    run = queued()
    answer = manage("cancel", str(run.pk), "--why", "not today", "--json")
    assert answer.code == 0
    assert answer.json() == {
        "run": run.pk, "unit": "greet", "status": "cancelled", "changed": True,
    }  # fmt: skip
    assert audited() == [(os_user(), "cancel run", f"greet run {run.pk}", "not today")]
    again = manage("cancel", str(run.pk))
    assert again.code == 0
    assert f"Run {run.pk} of greet was cancelled already." in again.out
    assert len(audited()) == 1


def test_a_process_is_cancelled_with_its_workers(manage: Manage) -> None:
    parent = starting.enqueue("side-by-side", {}, trigger="admin", clock=SYSTEM_CLOCK)
    assert f"Run {parent.pk} of side-by-side is cancelled." in manage("cancel", str(parent.pk)).out
    assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.CANCELLED}


def test_cancel_asks_the_process_that_holds_a_run(manage: Manage) -> None:
    run = runs.create_run(
        "greet", {}, trigger="command", clock=SYSTEM_CLOCK, status=RunStatus.RUNNING
    )
    assert "ends after its chunk" in manage("cancel", str(run.pk)).out
    run.refresh_from_db()
    assert run.cancel_requested_at is not None
    assert "was asked to end already" in manage("cancel", str(run.pk)).out


@pytest.mark.parametrize("how", [[], ["--dry-run"]])
def test_what_is_over_or_was_never_there_cannot_be_cancelled(
    manage: Manage, how: list[str]
) -> None:
    run = runs.create_run(
        "greet", {}, trigger="command", clock=SYSTEM_CLOCK, status=RunStatus.RUNNING
    )
    runs.finish(run, RunStatus.COMPLETED, clock=SYSTEM_CLOCK)
    answer = manage("cancel", str(run.pk), *how)
    assert answer.code == 1
    assert "has ended as completed" in answer.err
    assert "does not exist" in manage("cancel", "4711", *how).err
    assert manage("cancel", "first").code == 2


def test_a_dry_run_changes_nothing(manage: Manage) -> None:
    run = queued()
    assert "Would cancel" in manage("cancel", str(run.pk), "--dry-run").out
    assert "Would pause" in manage("pause", "greet", "--why", "x", "--dry-run").out
    assert not Pause.objects.exists()
    pauses.pause("greet", by="anna", why="so", now=now())
    assert "Would resume" in manage("resume", "greet", "--dry-run").out
    assert Pause.objects.exists()
    run.refresh_from_db()
    assert run.status == RunStatus.QUEUED
    assert audited() == []
