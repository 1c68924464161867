"""Schedules: refused at the field, with what they would do, every change audited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from popflix.engine import pauses
from popflix.engine.models import Schedule
from popflix.engine.registry import Unit, registry
from popflix.lib.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
CONFIRMED = {"post": "yes", "why": "nobody needs it"}
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


def page(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def given(**values: Any) -> dict[str, Any]:
    usual = {
        "unit": "greet", "cron": "0 4 * * *", "every_seconds": "", "time_zone": "UTC",
        "overlap": "skip", "jitter_seconds": "0", "params": "{}", "is_enabled": "on",
        "why": "for the night",
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
    assert (entry.actor_name, entry.action, entry.why) == ("ada", "add schedule", "for the night")
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
    assert operator.post(delete, CONFIRMED).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [schedule.pk], **CONFIRMED}
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
    operator.post(reverse("admin:engine_schedule_delete", args=[schedule.pk]), CONFIRMED)
    assert not Schedule.objects.exists()
    assert AuditEntry.objects.filter(action="delete schedule").exists()


def test_chosen_schedules_are_deleted_together_and_audited(operator: Client) -> None:
    add(operator)
    add(operator, cron="0 5 * * *")
    keys = list(Schedule.objects.values_list("pk", flat=True))
    chosen = {"action": "delete_selected", "_selected_action": keys, **CONFIRMED}
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


# --- what they would do -------------------------------------------------------------------------


def made(**values: Any) -> Schedule:
    schedule = Schedule(**{"unit": "greet", "every_seconds": 900} | values)
    schedule.save()
    return schedule


def act(client: Client, action: str, *schedules: Schedule, **more: str) -> str:
    keys = [each.pk for each in schedules]
    sent = {"action": action, "_selected_action": keys} | more
    return client.post(reverse(SCHEDULES), sent, follow=True).content.decode()


def test_the_list_tells_what_each_one_would_do(operator: Client) -> None:
    made(params={"limit": 5})
    assert "Start greet with limit=5." in page(operator, SCHEDULES)
    assert "every 15 min" in page(operator, SCHEDULES)
    pauses.pause("greet", by="anna", why="full", now=NOW)
    assert "Be skipped: greet is paused." in page(operator, SCHEDULES)
    Schedule.objects.update(error="Its zone is gone.")
    assert "Nothing: Its zone is gone." in page(operator, SCHEDULES)
    Schedule.objects.update(is_enabled=False)
    assert "Nothing: it is off." in page(operator, SCHEDULES)
    Schedule.objects.update(is_enabled=True, error="", unit="gone")
    assert "Nothing: there is no unit gone." in page(operator, SCHEDULES)


def test_the_list_leads_to_the_page_of_the_unit(operator: Client) -> None:
    made()
    assert f'href="{reverse("console_unit", args=["greet"])}"' in page(operator, SCHEDULES)


def test_the_form_tells_the_next_five_firings_in_their_zone(operator: Client) -> None:
    schedule = made(
        every_seconds=None, cron="30 4 * * *", time_zone="Asia/Tokyo", jitter_seconds=600
    )
    text = page(operator, "admin:engine_schedule_change", schedule.pk)
    assert text.count(" JST</span>") == 5
    assert " 04:3" in text
    assert "Each firing comes up to 10 min later." in text
    Schedule.objects.update(is_enabled=False)
    text = page(operator, "admin:engine_schedule_change", schedule.pk)
    assert "JST" not in text
    assert "fires once somebody turns it on" in text


def test_chosen_ones_are_turned_off_and_on_with_a_reason(operator: Client) -> None:
    schedule = made()
    assert "is off." in act(operator, "disable", schedule, why="TMDB moves house")
    assert not Schedule.objects.get().is_enabled
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.why) == ("disable schedule", "TMDB moves house")
    assert "starts next on" in act(operator, "enable", schedule)
    assert Schedule.objects.get().is_enabled
    assert AuditEntry.objects.filter(action="enable schedule").count() == 1
    act(operator, "enable", schedule)
    assert AuditEntry.objects.count() == 2


def test_one_that_cannot_fire_can_be_turned_off_but_not_on(operator: Client) -> None:
    schedule = made()
    Schedule.objects.update(unit="gone")
    assert "is off." in act(operator, "disable", schedule)
    assert "cannot fire: There is no unit gone." in act(operator, "enable", schedule)
    assert not Schedule.objects.get().is_enabled
    assert [entry.action for entry in AuditEntry.objects.all()] == ["disable schedule"]


def test_who_may_only_look_turns_none_off() -> None:
    schedule = made()
    act(member(Client(), "view_schedule"), "disable", schedule)
    assert Schedule.objects.get().is_enabled
