"""One row of django-q2's Schedule ticks where no supervisor does."""

from __future__ import annotations

import datetime as dt

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from popflix.engine.q2 import deliveries, fallback
from tests.popflix.engine import queue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def ours() -> Schedule:
    return Schedule.objects.get(func="popflix.engine.q2.deliveries.tick")


def test_migrating_makes_the_row_once() -> None:
    call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0)
    row = ours()
    assert (row.schedule_type, row.minutes, row.repeats, row.cluster) == ("I", 1, -1, None)


def test_copies_are_deleted_and_changes_mended() -> None:
    fallback.keep_one_tick()
    copy = ours()
    copy.pk, copy.minutes = None, 60
    copy.save()
    Schedule.objects.update(repeats=0)
    fallback.keep_one_tick()
    assert (ours().minutes, ours().repeats) == (1, -1)


def test_a_row_that_is_right_is_left_alone() -> None:
    fallback.keep_one_tick()
    next_run = timezone.now() + dt.timedelta(hours=1)
    Schedule.objects.update(next_run=next_run)
    fallback.keep_one_tick()
    assert ours().next_run == next_run


def test_other_rows_are_somebody_elses() -> None:
    Schedule.objects.create(func="another.projects.function", args="not a literal (")
    fallback.keep_one_tick()
    assert Schedule.objects.count() == 2


def test_another_database_gets_no_row() -> None:
    Schedule.objects.all().delete()
    fallback.after_migrating(sender=apps.get_app_config("engine"), using="other")
    assert not Schedule.objects.exists()


def test_when_it_is_due_the_watcher_ticks_and_no_result_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks: list[str] = []
    monkeypatch.setattr("popflix.engine.watch.Watcher.tick", lambda self: ticks.append("tick"))
    OrmQ.objects.all().delete()
    Schedule.objects.all().delete()
    fallback.keep_one_tick()
    Schedule.objects.update(next_run=timezone.now() - dt.timedelta(minutes=5))
    queue.tick()
    queue.deliver_all()
    assert ticks == ["tick"]
    assert ours().next_run > timezone.now()  # what was missed is not made up for


def test_a_tick_keeps_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popflix.engine.watch.Watcher.tick", lambda self: None)
    Schedule.objects.all().delete()
    deliveries.tick()
    assert ours()
