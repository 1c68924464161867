"""The unit `retry-media-links`: all that a filter matches become due, once, whatever breaks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from popflix.engine import starting
from popflix.engine.fence import FenceLost
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.runner import execute, run_in_foreground
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry
from sync.links import retry_matching, selection
from sync.links.models import Enrichment
from tests.sync.links.rows import answered, link, stored_link, stored_work, tconst

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
WISH = {"why": "TMDB was down", "by": "ada"}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(retry_matching, "_ROWS_A_COMMIT", 2)
    settings.TMDB_API_KEY = "invented-key"


def failed(*numbers: int, kind: str = "gave_up") -> None:
    for number in numbers:
        work = {"due_at": None, "failure_kind": kind, "attempts": 5}
        link(number, processed_status="FAILED", work=work)


def enqueued(**choice: str) -> Run:
    return starting.enqueue(retry_matching.UNIT, {**choice, **WISH}, trigger="admin", by="ada")


def done(run: Run) -> Run:
    execute(run.pk)
    run.refresh_from_db()
    return run


def test_all_that_match_become_due_and_nothing_else() -> None:
    failed(1, 2, 3, 4, 5)
    failed(6, kind="not_found")
    answered(7)
    run = done(enqueued(status="FAILED", kind="gave_up"))
    assert run.status == RunStatus.COMPLETED
    assert (run.done_count, run.ok_count, run.total_count) == (5, 5, 5)
    assert run.result == {"after": tconst(5), "count": 5}
    assert {stored_link(number).processed_status for number in range(1, 6)} == {"PENDING"}
    assert stored_work(1).due_at is not None
    assert stored_work(1).attempts == 0
    assert stored_work(6).due_at is None
    assert stored_link(7).processed_status == "SUCCESS"


def test_it_is_audited_once_with_its_count_and_has_tmdb_asked() -> None:
    failed(1, 2, 3)
    run = done(enqueued(kind="gave_up"))
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.count) == ("ada", "retry media links", 3)
    assert (entry.target, entry.why) == ("all that match: Gave up", "TMDB was down")
    assert entry.details["run"] == run.pk
    woken = Run.objects.get(unit="sync-media-links")
    assert woken.params["imdb_ids"] == []
    notes = Event.objects.filter(run=run, kind="note").values_list("payload", flat=True)
    assert [note["text"] for note in notes] == [f"Run {woken.pk} asks TMDB."]


def test_nothing_that_matches_changes_nothing() -> None:
    run = done(enqueued(kind="gave_up"))
    assert run.status == RunStatus.COMPLETED
    assert run.total_count == 0
    assert not AuditEntry.objects.exists()


def broken_at(monkeypatch: pytest.MonkeyPatch, key: str, error: Exception) -> Any:
    """Retrying this title breaks once."""
    real, left = selection.retry, [error]

    def retry(keys: list[str], *args: Any, **more: Any) -> int:
        if key in keys and left:
            raise left.pop()
        return real(keys, *args, **more)

    monkeypatch.setattr(selection, "retry", retry)


def test_a_killed_run_goes_on_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 6):
        answered(number)
    run = enqueued(status="SUCCESS", title_type="movie")
    broken_at(monkeypatch, tconst(3), FenceLost(run.pk, 1))  # writes nothing more, as if killed
    assert done(run).status == RunStatus.RUNNING
    assert run.done_count == 2
    # What was retried has been answered meanwhile, and matches again.
    selection_of(1, 2, status="SUCCESS")
    Enrichment.objects.update(attempts=7)
    past = timezone.now() - dt.timedelta(hours=1)
    Run.objects.filter(pk=run.pk).update(lease_until=past, heartbeat_at=past)
    assert done(run).status == RunStatus.COMPLETED
    assert (run.done_count, run.total_count, run.result["count"]) == (5, 5, 5)
    assert stored_link(1).processed_status == "SUCCESS"
    assert [stored_work(number).attempts for number in (1, 2, 3, 4, 5)] == [7, 7, 0, 0, 0]
    assert AuditEntry.objects.count() == 1


def selection_of(*numbers: int, status: str) -> None:
    for number in numbers:
        made = stored_link(number)
        made.processed_status = status
        made.save(update_fields=["processed_status"])


def test_the_retry_of_a_failed_run_goes_on_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    failed(1, 2, 3, 4, 5)
    first = enqueued(status="FAILED")
    broken_at(monkeypatch, tconst(3), OperatorError("The disk is full.", "Make room."))
    assert done(first).status == RunStatus.ERROR
    again = done(starting.retry(first.pk, by="ada"))
    assert again.status == RunStatus.COMPLETED
    assert (again.done_count, again.total_count, again.result["count"]) == (3, 3, 5)
    assert AuditEntry.objects.get().count == 5


def test_a_page_that_loses_against_the_locks_of_others_is_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed(1, 2, 3)
    broken_at(monkeypatch, tconst(1), OperationalError(1213, "Deadlock found"))
    run = done(enqueued(status="FAILED"))
    assert (run.status, run.done_count, run.result["count"]) == (RunStatus.COMPLETED, 3, 3)
    assert AuditEntry.objects.get().count == 3


def test_in_the_foreground_it_names_the_command_that_asks_tmdb() -> None:
    failed(1)
    params = {"status": "FAILED", "why": "TMDB was down"}
    outcome = run_in_foreground(retry_matching.UNIT, params, stop=StopRequest())
    assert outcome.result["count"] == 1
    assert not Run.objects.filter(unit="sync-media-links").exists()
    assert AuditEntry.objects.get().actor_name == retry_matching.UNIT
    note = Event.objects.get(run=outcome.run, kind="note").payload["text"]
    assert "sync_tmdb" in note


@pytest.mark.parametrize(
    ("params", "cause"),
    [
        ({"why": "x"}, "Nothing says which titles"),
        ({"kind": "gave_up"}, "needs a reason"),
        ({"kind": "odd", "why": "x"}, "no kind odd"),
        ({"status": "ODD", "why": "x"}, "no status ODD"),
        ({"title_type": "podcast", "why": "x"}, "no title type podcast"),
        ({"kid": "gave_up", "why": "x"}, "no parameter kid"),
    ],
    ids=["nothing", "no why", "kind", "status", "type", "unknown"],
)
def test_wrong_parameters_are_named(params: dict[str, str], cause: str) -> None:
    with pytest.raises(OperatorError, match=cause):
        retry_matching.clean_params(params)


def test_the_stored_form_is_taken_again() -> None:
    stored = retry_matching.clean_params({"search": " the ", "why": " x "})
    assert retry_matching.clean_params(stored) == stored
    assert (stored["search"], stored["why"]) == ("the", "x")
