"""What is removed when, and what stays however old it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from django_q.models import Task
from pytest_django.fixtures import Settings

from popflix.engine import pruning, starting
from popflix.engine.models import Event, Notification, Run, RunFile, RunStatus
from popflix.engine.old_runs import removable_families
from popflix.engine.runner import execute, run_in_foreground
from popflix.lib.models import AuditEntry
from sync.links.models import Enrichment, MediaLinks, Title
from tests.popflix.engine.fakes import NOON, FakeClock, FakeReporter, FakeStop
from tests.popflix.engine.vendors import on_sqlite

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def days(settings: Settings) -> None:
    settings.POPFLIX_KEEP_EVENTS_DAYS = 30
    settings.POPFLIX_KEEP_RUNS_DAYS = 180
    settings.POPFLIX_DEAD_LETTER_DAYS = 365


def ago(days: float) -> dt.datetime:
    return NOON - dt.timedelta(days=days)


def ended(days: float, unit: str = "demo", **columns: Any) -> Run:
    at = ago(days)
    words: dict[str, Any] = {
        "unit": unit, "trigger": "admin", "status": RunStatus.COMPLETED,
        "queued_at": at, "finished_at": at,
    }  # fmt: skip
    return Run.objects.create(**{**words, **columns})


def event(days: float, run: Run | None = None, kind: str = "note") -> Event:
    return Event.objects.create(run=run, unit="demo", at=ago(days), kind=kind)


def prune(clock: FakeClock, **more: Any) -> dict[str, int]:
    words: dict[str, Any] = {"stop": FakeStop(clock), "clock": clock, **more}
    counts: dict[str, Any] = dict(run_in_foreground(pruning.UNIT, {}, **words).result)
    return {name: count for name, count in counts.items() if count}


def is_there(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk).exists()


def test_old_events_go_and_young_ones_stay(clock: FakeClock) -> None:
    run = ended(40)
    event(31, run)
    event(31)
    young = event(29, run)
    assert prune(clock) == {"events": 2}
    assert Event.objects.filter(kind="note").get() == young


def test_the_events_of_active_runs_and_resets_stay(clock: FakeClock) -> None:
    active = ended(
        60, status=RunStatus.WAITING, finished_at=None, active_key="demo:0", resume_at=ago(-60)
    )
    event(60, active, "queued")
    event(60, None, "reset")
    assert prune(clock) == {}


def test_old_runs_go_with_their_events_files_and_children(clock: FakeClock) -> None:
    old = ended(200)
    child = ended(200, "part", parent=old)
    event(20, child)  # young: only its run is old
    RunFile.objects.create(run=old, name="a", size=1, content=b"a", created_at=ago(200))
    young = ended(179)
    ended(1, "part")
    assert prune(clock) == {"runs": 2, "events": 1}
    assert not is_there(old)
    assert is_there(young)
    assert not RunFile.objects.exists()


def test_each_units_newest_run_stays_and_its_newest_ended_one(clock: FakeClock) -> None:
    ended(300)
    last_end = ended(299)
    active = ended(298, status=RunStatus.QUEUED, finished_at=None, active_key="demo:0")
    newest = ended(400, "yearly")
    assert prune(clock) == {"runs": 1}
    assert all(map(is_there, (last_end, active, newest)))


def test_a_family_stays_whole_when_one_of_it_is_needed(clock: FakeClock) -> None:
    parent = ended(300, "whole")
    child = ended(300, "part", parent=parent)  # the newest of its unit
    ended(1, "whole")
    assert prune(clock) == {}
    child.refresh_from_db()
    assert child.parent == parent


def test_dead_letters_stay_until_they_are_discarded(clock: FakeClock) -> None:
    letter = ended(200, status=RunStatus.ERROR, error="broke")
    gone = ended(200, status=RunStatus.ERROR, error="broke", dismissed_at=ago(199))
    ended(1)
    assert prune(clock) == {"runs": 1}
    assert is_there(letter)
    assert not is_there(gone)


def test_letters_beyond_their_age_are_discarded_told_and_removed(
    clock: FakeClock, settings: Settings
) -> None:
    settings.POPFLIX_DEAD_LETTER_DAYS = 190
    ended(200, status=RunStatus.ERROR, error="broke", error_group="broke")
    young = ended(185, status=RunStatus.LOST, error="gone", error_group="gone")
    ended(1)
    reporter = FakeReporter()
    assert prune(clock, reporter=reporter) == {"dead_letters": 1, "runs": 1}
    young.refresh_from_db()
    assert young.dismissed_at is None
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.count) == ("prune", 1)
    assert "1 dead letters were discarded by their age" in " ".join(reporter.notes)


def test_what_active_runs_and_rows_refer_to_stays(clock: FakeClock) -> None:
    retried = ended(300, status=RunStatus.ERROR, dismissed_at=ago(299))
    ended(1, status=RunStatus.QUEUED, finished_at=None, active_key="demo:0", retry_of=retried)
    named, other = ended(300), ended(300)
    ended(2)
    link = MediaLinks.objects.create(title=Title.objects.create(tconst="tt99000001"))
    Enrichment.objects.create(link=link, last_run=named)
    assert prune(clock) == {"runs": 1}
    assert is_there(retried)
    assert is_there(named)
    assert not is_there(other)


def test_old_runs_go_some_at_a_time() -> None:
    made = [ended(300 - n).pk for n in range(5)]
    assert list(removable_families(NOON, 2)) == [made[:2], made[2:4]]  # the newest stays


def test_notifications_that_are_over_go(clock: FakeClock) -> None:
    def told(cause: str, **columns: Any) -> None:
        words = {"channel": "email", "kind": "failure", "subject": "s", "body": "b"}
        Notification.objects.create(cause=cause, **{**words, **columns})

    told("sent", created_at=ago(200), sent_at=ago(199))
    told("sent lately", created_at=ago(100), sent_at=ago(99))
    told("waits", created_at=ago(200), due_at=ago(-1))
    told("letter", created_at=ago(200), given_up_at=ago(199), failure_kind="gave_up")
    told("discarded", created_at=ago(200), failure_kind="gave_up")
    assert prune(clock) == {"notifications": 2}
    left = set(Notification.objects.values_list("cause", flat=True))
    assert left == {"sent lately", "waits", "letter"}


def test_the_queues_results_go(clock: FakeClock) -> None:
    for n, days in enumerate((40, 1)):
        Task.objects.create(
            id=f"{n}", name=f"{n}", func="f", started=ago(days), stopped=ago(days), success=True
        )
    assert prune(clock) == {"deliveries": 1}


def test_many_rows_go_in_commits_of_a_thousand(clock: FakeClock) -> None:
    rows = [Event(unit="demo", at=ago(31), kind="note") for _ in range(2300)]
    Event.objects.bulk_create(rows)
    reporter = FakeReporter()
    assert prune(clock, reporter=reporter) == {"events": 2300}
    done = [done for done, _ in reporter.shown]
    assert {1000, 2000, 2300} <= set(done)


def test_the_counts_are_of_the_whole_run_also_when_it_is_taken_over(clock: FakeClock) -> None:
    rows = [Event(unit="demo", at=ago(31), kind="note") for _ in range(10)]
    Event.objects.bulk_create(rows)
    run = starting.enqueue(pruning.UNIT, {}, trigger="schedule", clock=clock)
    Run.objects.filter(pk=run.pk).update(result={"events": 5, "runs": 1})
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETED
    assert (run.result["events"], run.result["runs"]) == (15, 1)


def test_a_stop_keeps_what_is_done(clock: FakeClock) -> None:
    rows = [Event(unit="demo", at=ago(31), kind="note") for _ in range(1500)]
    Event.objects.bulk_create(rows)
    stop = FakeStop(clock)

    class StoppingReporter(FakeReporter):
        def progress(self, done: int, total: int | None) -> None:
            if done >= 1000:
                stop.ask(15)

    assert prune(clock, stop=stop, reporter=StoppingReporter()) == {"events": 1000}


INDEXES: list[tuple[Callable[[], QuerySet[Any]], str]] = [
    (lambda: Event.objects.filter(at__lt=NOON).order_by("at").values("pk")[:1000], "event_at"),
    (lambda: Run.objects.filter(status__in=["error", "lost"], dismissed_at=None, parent=None),
     "run_failures"),
    (lambda: Enrichment.objects.filter(failure_kind__gt="", given_up_at__isnull=False)
     .values("failure_kind", "error_group").order_by(), "enrichment_letters"),
]  # fmt: skip


@on_sqlite  # another database would rather scan so small a table
@pytest.mark.parametrize(("rows", "index"), INDEXES)
def test_the_index_that_is_meant_is_used(rows: Callable[[], QuerySet[Any]], index: str) -> None:
    assert index in rows().explain()
