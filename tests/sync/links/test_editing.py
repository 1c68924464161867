"""What an operator does by hand is locked, audited, and never stamped where no link changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from popflix.engine.models import Lane
from popflix.lib.models import AuditEntry
from sync.links import selection
from sync.links.editing import choose_record, edit_link, retry_links, unlock_links
from sync.links.models import Enrichment, MediaLinks
from tests.sync.links.rows import (
    LONG_AGO,
    NOW,
    POSTER,
    TRAILER,
    answered,
    link,
    stored_link,
    stored_work,
    tconst,
    title,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
MINE = "https://example.org/mine.jpg"
LATER = NOW + dt.timedelta(days=100)


def test_an_edited_field_is_stored_locked_and_audited() -> None:
    answered(1, due_at=LATER)
    assert edit_link(tconst(1), {"poster_url": MINE, "tmdb_id": 9_000_001}, by="ada", now=NOW)
    assert stored_link().poster_url == MINE
    assert stored_link().trailer_embed_url == TRAILER
    assert stored_link().last_updated == NOW
    assert stored_work().locked_fields == ["poster_url"]
    assert stored_work().due_at == LATER
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.target) == ("ada", "edit media links", tconst(1))
    assert entry.details == {"poster_url": {"before": POSTER, "after": MINE}}


def test_an_edit_that_changes_nothing_locks_nothing() -> None:
    answered(1)
    assert not edit_link(tconst(1), {"poster_url": POSTER}, by="ada", now=NOW)
    assert stored_link().last_updated == LONG_AGO
    assert stored_work().locked_fields == []
    assert not AuditEntry.objects.exists()


def test_locks_add_up() -> None:
    answered(1)
    edit_link(tconst(1), {"trailer_embed_url": None}, by="ada", now=NOW)
    edit_link(tconst(1), {"poster_url": None}, by="ada", now=NOW)
    assert stored_work().locked_fields == ["poster_url", "trailer_embed_url"]


def test_a_new_tmdb_id_is_asked_for_at_once() -> None:
    link(
        1,
        processed_status="FAILED",
        work={"due_at": None, "failure_kind": "ambiguous", "attempts": 2},
    )
    edit_link(tconst(1), {"tmdb_id": 9_000_009}, by="ada", now=NOW)
    work = stored_work()
    assert (work.due_at, work.lane, work.attempts, work.failure_kind) == (
        NOW,
        Lane.OPERATOR,
        0,
        "",
    )
    assert stored_link().processed_status == "PENDING"
    assert stored_link().tmdb_id == 9_000_009


def test_an_adopted_link_gets_its_work_row_when_edited() -> None:
    MediaLinks.objects.create(title=title(1))
    edit_link(tconst(1), {"poster_url": MINE}, by="ada", now=NOW)
    assert stored_work().locked_fields == ["poster_url"]


def test_a_retry_forgets_the_failure_and_leaves_last_updated() -> None:
    failed = {"due_at": None, "failure_kind": "gave_up", "attempts": 5, "last_error": "away"}
    link(1, processed_status="FAILED", work=failed)
    answered(2, due_at=LATER, lease_token="3-1-1")
    link(3)
    count = retry_links([tconst(1), tconst(2)], by="ada", why="TMDB is back", now=NOW)
    assert count == 2
    for number in (1, 2):
        work = stored_work(number)
        assert (work.due_at, work.lane, work.attempts) == (NOW, Lane.OPERATOR, 0)
        assert (work.lease_token, work.failure_kind, work.last_error) == ("", "", "")
        assert stored_link(number).processed_status == "PENDING"
        assert stored_link(number).last_updated == LONG_AGO
    assert stored_work(3).lane == Lane.BACKFILL
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.count, entry.why) == ("retry media links", 2, "TMDB is back")
    assert entry.target == f"{tconst(1)} … {tconst(2)}"


def test_a_retry_of_nothing_is_not_audited() -> None:
    assert retry_links([], by="ada", why="", now=NOW) == 0
    assert retry_links(["tt99999999"], by="ada", why="", now=NOW) == 0
    assert not AuditEntry.objects.exists()


def test_unlocking_lets_enrichment_choose_again() -> None:
    answered(1, locked_fields=["poster_url"], due_at=LATER)
    answered(2, due_at=LATER)
    assert unlock_links([tconst(1), tconst(2)], by="ada", why="wrong", now=NOW) == 1
    assert stored_work(1).locked_fields == []
    assert stored_work(1).due_at == NOW
    assert stored_work(2).due_at == LATER
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.count, entry.target) == ("unlock media links", 1, tconst(1))


def test_thousands_of_rows_are_retried_in_commits_of_a_thousand() -> None:
    for number in range(1, 4):
        link(number)
    keys = [tconst(number) for number in range(1, 1500)]
    assert retry_links(keys, by="ada", why="", now=NOW) == 3
    assert AuditEntry.objects.count() == 1
    assert Enrichment.objects.filter(lane=Lane.OPERATOR).count() == 3


def test_links_without_work_get_it_when_they_are_retried() -> None:
    """Adopted rows, before the first run gave them any."""
    link(1, processed_status="FAILED")
    Enrichment.objects.all().delete()
    assert retry_links([tconst(1), tconst(2)], by="ada", why="again", now=NOW) == 1
    assert (stored_work().due_at, stored_work().lane) == (NOW, Lane.OPERATOR)
    assert stored_link().processed_status == "PENDING"
    assert AuditEntry.objects.get().count == 1


ACTS: dict[str, Callable[[], Any]] = {
    "edit": lambda: edit_link(tconst(1), {"tmdb_id": 5}, by="ada", now=NOW),
    "choose": lambda: choose_record(tconst(1), "movie", 5, by="ada", why="it", now=NOW),
    "retry": lambda: retry_links([tconst(1)], by="ada", why="again", now=NOW),
    "unlock": lambda: unlock_links([tconst(1)], by="ada", why="again", now=NOW),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_loses_against_the_locks_of_a_run_is_done_again(
    act: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(1, locked_fields=["poster_url"], candidates=[{"media_type": "movie", "tmdb_id": 5}])
    real, deadlocks = selection.retry, [OperationalError(1213, "Deadlock found")]

    def retry(*args: Any, **more: Any) -> int:
        if deadlocks:
            raise deadlocks.pop()
        return real(*args, **more)

    monkeypatch.setattr(selection, "retry", retry)
    act()
    assert not deadlocks
    assert stored_work().due_at == NOW
    assert AuditEntry.objects.count() == 1
