"""The plain admin pages of the engine: schedules, runs with files and actions, what is read."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.engine import files, pauses, runs
from popflix.engine.models import (
    Event,
    Notification,
    Pause,
    Run,
    RunFile,
    RunStatus,
    Schedule,
    Supervisor,
)
from popflix.engine.registry import Unit, registry
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
RUNS = "admin:engine_run_changelist"
SCHEDULES = "admin:engine_schedule_changelist"


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


def act(client: Client, action: str, *ids: int, **more: Any) -> Any:
    chosen = {"action": action, "_selected_action": list(ids)}
    return client.post(reverse(RUNS), chosen | more, follow=True)


# --- schedules ----------------------------------------------------------------------------------


def given(**values: Any) -> dict[str, Any]:
    usual = {
        "unit": "greet", "cron": "0 4 * * *", "every_seconds": "", "time_zone": "UTC",
        "overlap": "skip", "jitter_seconds": "0", "params": "{}", "is_enabled": "on",
    }  # fmt: skip
    return usual | values


def add(client: Client, **values: Any) -> Any:
    return client.post(reverse("admin:engine_schedule_add"), given(**values), follow=True)


def edit(client: Client, schedule: Schedule, **values: Any) -> Any:
    url = reverse("admin:engine_schedule_change", args=[schedule.pk])
    return client.post(url, given(**values), follow=True)


def test_a_schedule_is_added_and_says_when_it_fires_next(operator: Client) -> None:
    answer = add(operator)
    assert "starts next on" in answer.content.decode()
    made = Schedule.objects.get()
    assert made.next_at is not None
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action) == ("ada", "add schedule")
    assert "greet" in entry.target
    assert "0 4 * * *" in page(operator, SCHEDULES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cron", "99 4 * * *"),
        ("cron", "soon"),
        ("time_zone", "Mars/Olympus"),
        ("unit", "nonsense"),
        ("params", "[1]"),
        ("params", "{"),
        ("overlap", "both"),
        ("jitter_seconds", "999999"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(operator: Client, field: str, value: str) -> None:
    answer = add(operator, **{field: value})
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Schedule.objects.exists()
    assert not AuditEntry.objects.exists()


def test_neither_and_both_ways_to_say_when_are_refused(operator: Client) -> None:
    for values in ({"cron": ""}, {"every_seconds": "60"}):
        assert add(operator, **values).context["adminform"].form.errors
    assert not Schedule.objects.exists()


def test_an_edit_leaves_what_the_watcher_keeps_alone(operator: Client) -> None:
    add(operator)
    moved = NOW + dt.timedelta(days=4000)
    Schedule.objects.update(next_at=moved, slot_at=moved)
    schedule = Schedule.objects.get()
    edit(operator, schedule, overlap="queue")
    stored = Schedule.objects.get()
    assert (stored.overlap, stored.next_at) == ("queue", moved)
    edit(operator, schedule, overlap="queue", cron="0 5 * * *")
    stored = Schedule.objects.get()
    assert stored.next_at is not None
    assert stored.next_at < moved
    changed = AuditEntry.objects.filter(action="change schedule").order_by("pk")
    assert [entry.details for entry in changed] == [{"overlap": "queue"}, {"cron": "0 5 * * *"}]


def test_an_edit_that_changes_nothing_is_not_told(operator: Client) -> None:
    add(operator)
    edit(operator, Schedule.objects.get())
    assert [entry.action for entry in AuditEntry.objects.all()] == ["add schedule"]


def test_a_declared_schedule_is_disabled_but_never_deleted(operator: Client) -> None:
    add(operator)
    Schedule.objects.update(origin="code", declared_unit="greet")
    schedule = Schedule.objects.get()
    delete = reverse("admin:engine_schedule_delete", args=[schedule.pk])
    assert operator.post(delete, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [schedule.pk], "post": "yes"}
    operator.post(reverse(SCHEDULES), chosen)
    assert Schedule.objects.exists()
    off = given()
    del off["is_enabled"], off["unit"]
    url = reverse("admin:engine_schedule_change", args=[schedule.pk])
    operator.post(url, off | {"unit": "nonsense"})
    stored = Schedule.objects.get()
    assert (stored.is_enabled, stored.unit) == (False, "greet")


def test_a_schedule_of_a_unit_that_is_gone_can_still_be_looked_at(operator: Client) -> None:
    Schedule.objects.bulk_create(
        [Schedule(unit="gone", cron="0 4 * * *", origin="code", declared_unit="gone")]
    )
    schedule = Schedule.objects.get()
    assert "gone" in page(operator, "admin:engine_schedule_change", schedule.pk)
    answer = edit(operator, schedule)
    assert "unit" in answer.context["adminform"].form.errors


def test_deleting_a_schedule_is_audited(operator: Client) -> None:
    add(operator)
    schedule = Schedule.objects.get()
    operator.post(reverse("admin:engine_schedule_delete", args=[schedule.pk]), {"post": "yes"})
    assert not Schedule.objects.exists()
    assert AuditEntry.objects.filter(action="delete schedule").exists()


def test_chosen_schedules_are_deleted_together_and_audited(operator: Client) -> None:
    add(operator)
    add(operator, cron="0 5 * * *")
    keys = list(Schedule.objects.values_list("pk", flat=True))
    chosen = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    operator.post(reverse(SCHEDULES), chosen)
    assert not Schedule.objects.exists()
    assert AuditEntry.objects.filter(action="delete schedule").count() == 2


def test_who_may_only_look_changes_no_schedule(operator: Client) -> None:
    add(operator)
    schedule = Schedule.objects.get()
    viewer = member(Client(), "view_schedule")
    assert "0 4 * * *" in page(viewer, "admin:engine_schedule_change", schedule.pk)
    url = reverse("admin:engine_schedule_change", args=[schedule.pk])
    assert viewer.post(url, given(cron="0 5 * * *")).status_code == 403
    assert viewer.post(reverse("admin:engine_schedule_add"), given()).status_code == 403


# --- runs ---------------------------------------------------------------------------------------


def test_retry_starts_a_failed_run_again_and_is_audited(operator: Client) -> None:
    run = failed()
    answer = act(operator, "retry", run.pk, why="the disk has room again")
    again = Run.objects.latest("pk")
    assert f"Run {run.pk} is tried again as run {again.pk}." in answer.content.decode()
    assert (again.trigger, again.retry_of, again.status) == ("retry", run, "queued")
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target, entry.why) == (
        "ada", "retry run", f"greet run {run.pk}", "the disk has room again",
    )  # fmt: skip
    assert entry.actor_id is not None


def test_what_cannot_be_retried_says_so_and_stops_no_other(operator: Client) -> None:
    first, second = failed(), failed()
    answer = act(operator, "retry", first.pk, second.pk).content.decode()
    assert f"Run {first.pk} is tried again" in answer
    assert "All slots of greet are taken" in answer
    pauses.pause("greet", by="anna", why="full", now=NOW)
    paused = act(operator, "retry", second.pk).content.decode()
    assert "is paused (by anna: full)." in paused
    assert AuditEntry.objects.count() == 1


def test_cancel_ends_a_queued_run_and_is_audited(operator: Client) -> None:
    run = runs.create_run("greet", {}, trigger="command", clock=SYSTEM_CLOCK)
    Run.objects.update(pid=None, dispatched_at=NOW)
    answer = act(operator, "cancel", run.pk, why="not today").content.decode()
    assert f"Run {run.pk} is cancelled." in answer
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    assert AuditEntry.objects.get().why == "not today"
    assert "has ended as cancelled" in act(operator, "cancel", run.pk).content.decode()


def test_many_answers_are_told_in_short(operator: Client) -> None:
    made = [failed() for _ in range(8)]
    answer = act(operator, "retry", *(run.pk for run in made)).content.decode()
    assert "And 2 more." in answer


def test_only_so_many_are_taken_at_once(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popflix.console.engine_admin_runs._MOST_AT_ONCE", 1)
    first, second = failed(), failed()
    answer = act(operator, "retry", first.pk, second.pk).content.decode()
    assert f"Run {first.pk} is tried again" in answer
    assert "Only the first 1 were taken" in answer


def test_a_get_never_acts(operator: Client) -> None:
    run = failed()
    operator.get(f"{reverse(RUNS)}?action=retry&_selected_action={run.pk}")
    assert Run.objects.count() == 1


@pytest.mark.parametrize(("permission", "may"), [("change_run", False), ("retry_run", True)])
def test_only_who_may_retry_runs_retries_them(client: Client, permission: str, may: bool) -> None:
    run = failed()
    someone = member(client, "view_run", permission)
    assert ('value="retry"' in page(someone, RUNS)) is may
    act(someone, "retry", run.pk)
    assert (Run.objects.count() == 2) is may


def test_the_page_of_a_run_shows_children_files_and_events(operator: Client) -> None:
    parent, child = failed(), failed("ValueError: <b>bold</b>")
    Run.objects.filter(pk=child.pk).update(parent=parent)
    files.store(child.pk, "notes.txt", "text", "text/plain", NOW)
    text = page(operator, "admin:engine_run_change", parent.pk)
    assert f'>greet #{child.pk}</a> <span class="badge bad">' in text
    assert "ValueError: &lt;b&gt;bold" in text
    assert ">notes.txt</a> (4 bytes)" in text
    assert '<ol class="timeline">' in text
    assert text.count('<li class="bad">') == 1
    assert f"?run={parent.pk}" in text
    assert page(operator, "admin:engine_event_changelist", run=parent.pk)


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_saved_and_never_shown(operator: Client) -> None:
    stored = files.store(failed().pk, "é.html", "<script>1</script>", "text/html", NOW)
    url = reverse("admin:engine_run_file", args=[stored.pk])
    answer = operator.get(url)
    assert answer.content == b"<script>1</script>"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''%C3%A9.html"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert operator.post(url).status_code == 405
    assert operator.get(reverse("admin:engine_run_file", args=[999])).status_code == 404


def test_files_are_for_those_who_may_look_at_runs() -> None:
    stored = files.store(failed().pk, "a.txt", "x", "text/plain", NOW)
    url = reverse("admin:engine_run_file", args=[stored.pk])
    assert Client().get(url).status_code == 302
    assert member(Client(), "view_schedule").get(url).status_code == 403
    User.objects.all().delete()
    assert member(Client(), "view_run").get(url).status_code == 200


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
    assert len(twenty) == len(one) <= 6


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


def test_a_page_of_a_run_with_a_large_file_does_not_read_it(operator: Client) -> None:
    run = failed()
    files.store(run.pk, "large.bin", io.BytesIO(b"x" * 1000).read(), "application/x", NOW)
    with CaptureQueriesContext(connection) as queries:
        page(operator, "admin:engine_run_change", run.pk)
    column = connection.ops.quote_name("content")
    table = RunFile._meta.db_table
    assert not [
        each
        for each in queries
        if f"{table}`.{column}" in each["sql"] or f'{table}".{column}' in each["sql"]
    ]
