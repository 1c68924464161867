"""What the engine needs a person for, as home tells it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.console.home import backlog_needs
from popflix.engine import pauses
from popflix.engine.models import Notification, Run, Schedule, Supervisor
from popflix.engine.models.pauses import Holder
from popflix.lib.models import QuarantinedRow
from tests.popflix.console.home.asked import about, told

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
UNIT = "import-imdb"  # whatever is registered; nothing here knows what it does


def ago(**spent: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(**spent)


@pytest.fixture(autouse=True)
def worker() -> None:
    """Somebody works."""
    Supervisor.objects.create(
        host="one", pid=7, started_at=ago(hours=1), beat_at=ago(seconds=1), workers=2
    )


def run(status: str, unit: str = UNIT, **values: Any) -> Run:
    given = {"trigger": "command", "queued_at": ago(hours=1), "active_key": None, **values}
    return Run.objects.create(unit=unit, status=status, **given)


def active(status: str = "running", **values: Any) -> Run:
    given = {"pid": 41, "host": "one", "heartbeat_at": ago(seconds=2)}
    return run(status, **{**given, "active_key": f"{UNIT}:0", **values})


def failed(unit: str = UNIT, error: str = "ValueError: 7 is odd", **values: Any) -> Run:
    return run("error", unit, error=error, finished_at=ago(minutes=5), **values)


def page_of(made: Run) -> str:
    return reverse("admin:engine_run_change", args=[made.pk])


# --- workers and runs ---------------------------------------------------------------------------


def test_where_nobody_works_that_comes_first_and_says_how_many_runs_wait(operator: Client) -> None:
    assert about(operator, "No worker") is None
    Supervisor.objects.update(beat_at=ago(minutes=1))
    active("queued", pid=None, heartbeat_at=None)
    first = told(operator)[0]
    assert (first.badge, first.text) == ("Stands still", "No worker is running")
    assert first.why.startswith("1 run waits for one.")
    assert "manage.py work" in first.why
    assert first.href == reverse("console_units")


def test_a_run_whose_process_went_silent_is_told_with_its_process(operator: Client) -> None:
    made = active(heartbeat_at=ago(minutes=3), progressed_at=ago(hours=1))
    need = about(operator, "went silent")
    assert need is not None
    assert need.text == f"Run {made.pk} of {UNIT} went silent"
    assert need.why.startswith("Process 41 on one was last heard 3 min")
    assert need.href == page_of(made)
    assert about(operator, "no progress") is None  # not a second time


def test_a_run_that_lives_and_does_nothing_is_told(operator: Client) -> None:
    made = active(progressed_at=ago(minutes=14))
    assert about(operator, "makes no progress") is None
    Run.objects.filter(pk=made.pk).update(progressed_at=ago(minutes=16))
    need = about(operator, "makes no progress")
    assert need is not None
    assert "16 min" in need.why


@pytest.mark.parametrize(
    "values",
    [{}, {"status": "waiting", "resume_at": ago(minutes=10)}],
    ids=["queued", "waiting"],
)
def test_a_run_that_could_begin_and_that_nobody_takes_is_told(
    operator: Client, values: dict[str, Any]
) -> None:
    made = active(**{"status": "queued", "pid": None, "heartbeat_at": None, **values})
    assert about(operator, "waits for a worker") is not None
    pauses.pause(UNIT, by="ada", why="the disk", now=ago(minutes=1))
    assert about(operator, "waits for a worker") is None  # it waits for the pause
    pauses.resume(UNIT, by="ada", now=ago(minutes=1))
    Run.objects.filter(pk=made.pk).update(resume_at=ago(minutes=-10))
    assert about(operator, "waits for a worker") is None  # it is not due


def test_a_run_that_waits_for_a_slot_or_has_just_been_queued_needs_nobody(
    operator: Client,
) -> None:
    free = {"pid": None, "heartbeat_at": None}
    active("queued", slot=None, **free)
    active("queued", active_key=f"{UNIT}:1", queued_at=ago(minutes=1), **free)
    assert about(operator, "waits for a worker") is None


def test_a_unit_whose_last_run_failed_is_told_once_until_somebody_deals_with_it(
    operator: Client,
) -> None:
    made = failed(error="ValueError: 7 is odd\nTraceback")
    need = about(operator, UNIT)
    assert need is not None
    assert (need.badge, need.text) == ("Error", f"{UNIT} failed")
    assert need.why == "ValueError: 7 is odd."
    assert (need.label, need.href) == ("See why", page_of(made))
    assert about(operator, "Failed runs") is None  # its dead letter is this one
    Run.objects.filter(pk=made.pk).update(dismissed_at=ago(minutes=1))
    assert about(operator, UNIT) is None


def test_many_units_that_failed_are_folded(operator: Client) -> None:
    units = ("import-imdb", "measure-coverage", "prune", "retry-media-links", "sync-media-links")
    for name in units:
        failed(name)
    texts = [each.text for each in told(operator)]
    assert [text for text in texts if text.endswith(" failed")] == [
        "import-imdb failed", "measure-coverage failed", "prune failed",
        "and 2 more units whose last run failed",
    ]  # fmt: skip


# --- pauses -------------------------------------------------------------------------------------


def test_an_operators_pause_says_who_why_and_since_when(operator: Client) -> None:
    pauses.pause("prune", by="anna", why="the disk is full", now=ago(hours=2))
    need = about(operator, "prune is paused")
    assert need is not None
    assert (need.badge, need.label) == ("Paused", "Resume…")
    assert need.why == "By anna, 2 h ago: the disk is full."
    assert need.href == reverse("console_unit", args=["prune"])


@pytest.mark.parametrize(
    ("condition", "cure"),
    [
        ("room", "It goes on by itself once that is mended."),
        ("", "Resume it once that is mended."),
    ],
    ids=["a condition", "none"],
)
def test_a_unit_that_stopped_itself_says_what_it_waits_for(
    operator: Client, condition: str, cure: str
) -> None:
    failed("prune", error="No room left.")
    pauses.pause(
        "prune", by="run 1", why="No room left.", now=ago(hours=2), holder=Holder.MACHINE,
        condition=condition,
    )  # fmt: skip
    need = about(operator, "prune")
    assert need is not None
    assert need.text == "prune stopped itself"
    assert need.why == f"No room left. {cure}"
    assert about(operator, "Failed runs") is None  # the run that stopped it


# --- what was given up --------------------------------------------------------------------------


def test_failed_runs_that_no_unit_tells_are_counted_with_their_commonest_reason(
    operator: Client,
) -> None:
    for group in ("<n> is odd", "<n> is odd", "<n> is even"):
        failed(error_group=group)
    run("completed", finished_at=ago(minutes=1))
    need = about(operator, "Failed runs")
    assert need is not None
    assert (need.badge, need.text) == ("Dead letters", "Failed runs: 3 given up")
    assert need.why == "Most often: <n> is odd."
    assert need.href == f"{reverse('console_letters')}?source=runs"


def test_notifications_that_were_given_up_are_told(operator: Client) -> None:
    Notification.objects.create(
        created_at=ago(days=1), given_up_at=ago(hours=1), due_at=None, failure_kind="gave_up",
        error_group="the server answered 550",
    )  # fmt: skip
    need = about(operator, "Notifications: 1 given up")
    assert need is not None
    assert need.why == "the server answered 550."


def test_of_more_letters_and_rows_than_are_counted_that_is_said(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_needs, "MOST", 2)
    for number in range(4):
        failed(error_group="odd", dismissed_at=None)
        QuarantinedRow.objects.create(
            source="t.tsv", line=number, reason="No id.", raw="", at=ago(hours=3)
        )
    run("completed", finished_at=ago(minutes=1))
    need = about(operator, "Failed runs: over 2 given up")
    assert need is not None
    assert need.why == "Among others: odd.", "what is most often, nobody counted"
    assert about(operator, "Rows in quarantine: over 2") is not None


def test_a_failure_that_its_unit_tells_takes_nothing_from_the_cap(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog_needs, "MOST", 2)
    for _ in range(4):
        failed(error_group="odd", dismissed_at=None)
    assert about(operator, "Failed runs: over 2 given up") is not None


# --- schedules and quarantine -------------------------------------------------------------------


def test_a_schedule_that_cannot_fire_says_why(operator: Client) -> None:
    broken = Schedule(unit="gone", cron="0 4 * * *", error="There is no unit gone.")
    off = Schedule(unit="off", cron="0 4 * * *", error="It is off.", is_enabled=False)
    Schedule.objects.bulk_create([broken, off])
    key = Schedule.objects.get(unit="gone").pk
    need = about(operator, "cannot fire")
    assert need is not None
    assert need.text == "The schedule of gone cannot fire"
    assert need.why == "There is no unit gone."
    assert need.href == reverse("admin:engine_schedule_change", args=[key])


def test_rows_in_quarantine_are_counted_with_the_newest(operator: Client) -> None:
    for line, reason in ((5, "No id."), (9, "No year.")):
        QuarantinedRow.objects.create(
            source="t.tsv", line=line, reason=reason, raw="", at=ago(hours=3)
        )
    need = about(operator, "quarantine")
    assert need is not None
    assert need.text == "Rows in quarantine: 2"
    assert need.why == "The newest, 3 h ago, from t.tsv: No year."


# --- who sees what, at what cost ----------------------------------------------------------------


def test_who_may_not_see_runs_is_told_of_none(client: Client) -> None:
    failed()
    pauses.pause("prune", by="anna", why="the disk is full", now=ago(hours=2))
    QuarantinedRow.objects.create(source="t.tsv", line=1, reason="No id.", raw="", at=ago(hours=1))
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_quarantinedrow"))
    client.force_login(user)
    assert [each.text for each in told(client)] == ["Rows in quarantine: 1"]


def test_what_needs_a_person_costs_the_same_for_one_as_for_twenty(operator: Client) -> None:
    def add(count: int) -> int:
        for number in range(count):
            failed(error_group=f"group {number}")
            active(active_key=f"{UNIT}:{Run.objects.count()}", progressed_at=ago(hours=1))
            QuarantinedRow.objects.create(
                source="t.tsv", line=number, reason="No id.", raw="", at=ago(hours=1)
            )
        with CaptureQueriesContext(connection) as asked:
            told(operator)
        return len(asked)

    add(1)  # what is looked up once for a process
    assert add(1) == add(20)
