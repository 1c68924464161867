"""The page of one title's media links: evidence, candidates, what was done, and the edit form."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.lib.models import AuditEntry
from sync.links.models import Enrichment, MediaLinks
from tests.sync.links.rows import (
    LONG_AGO,
    POSTER,
    answered,
    link,
    running_run,
    stored_link,
    stored_work,
    tconst,
)  # fmt: skip
from tests.sync.links.screens.visits import client_with, link_page, press

pytestmark = pytest.mark.django_db
CANDIDATES = [
    {"media_type": "movie", "tmdb_id": 11, "title": "Film 1", "year": 2019, "imdb_id": ""},
    {"media_type": "tv", "tmdb_id": 12, "title": "Film 1: the series", "year": 2020},
]


def ambiguous(number: int = 1) -> None:
    failure = {"failure_kind": "ambiguous", "last_error": "Title and year fit several records."}
    link(number, processed_status="FAILED", work={**failure, "candidates": CANDIDATES})


def edit(client: Client, **values: Any) -> Any:
    given = {"tmdb_id": 9_000_001, "poster_url": POSTER, "trailer_embed_url": "", **values}
    url = reverse("admin:sync_medialinks_change", args=[tconst(1)])
    return client.post(url, {"why": "TMDB has the wrong one", **given})


# --- looking ----------------------------------------------------------------------------------


def test_the_page_tells_why_it_holds_what_it_holds(operator: Client) -> None:
    run = running_run()
    answered(1, poster_reason="TMDB's own pick for en.", trailer_reason="Official trailer.")
    Enrichment.objects.update(last_run=run, locked_fields=["poster_url"])
    text = link_page(operator)
    assert "TMDB&#x27;s own pick for en." in text
    assert "Official trailer." in text
    assert "poster: enrichment keeps it" in text
    assert 'src="https://image.tmdb.org/t/p/w342/old.jpg"' in text
    assert 'href="https://www.youtube.com/watch?v=oldoldoldol"' in text
    assert 'href="https://www.themoviedb.org/movie/9000001"' in text
    assert f'href="https://www.imdb.com/title/{tconst(1)}/"' in text
    assert reverse("admin:engine_run_change", args=[run.pk]) in text
    assert "<iframe" not in text


def test_the_page_tells_why_it_failed_and_what_it_could_be(operator: Client) -> None:
    ambiguous()
    text = link_page(operator)
    assert "Title and year fit several records." in text
    assert "https://www.themoviedb.org/tv/12" in text
    assert "when an operator asks" not in text
    Enrichment.objects.update(due_at=None)
    assert "when an operator asks" in link_page(operator)


def test_what_was_done_by_hand_stands_on_the_page(operator: Client) -> None:
    answered(1)
    press(operator, "retry", tconst(1), why="the poster is new")
    assert "the poster is new" in link_page(operator)
    assert "the poster is new" not in link_page(client_with("view_medialinks"))


def test_the_page_takes_the_same_queries_whatever_it_shows(operator: Client) -> None:
    link(1)
    link_page(operator)
    with CaptureQueriesContext(connection) as bare:
        link_page(operator)
    ambiguous(2)
    Enrichment.objects.update(last_run=running_run())
    for _ in range(5):
        press(operator, "retry", tconst(2), why="again")
    link_page(operator, 2)
    with CaptureQueriesContext(connection) as full:
        link_page(operator, 2)
    assert len(full) == len(bare) <= 8


def test_who_may_only_look_finds_no_button_and_no_form(operator: Client) -> None:
    ambiguous()
    text = link_page(client_with("view_medialinks"))
    assert "Film 1: the series" in text
    assert "Choose" not in text
    assert "Retry" not in text
    assert 'name="tmdb_id"' not in text
    assert 'name="poster_url"' in link_page(operator)


# --- choosing ---------------------------------------------------------------------------------


def test_a_chosen_candidate_is_locked_asked_for_and_audited(operator: Client) -> None:
    ambiguous()
    text = press(operator, "choose", tconst(1), media_type="tv", tmdb_id=12, why="seen it")
    assert "Film 1 is tv 12, and locked so." in text
    work = stored_work()
    assert stored_link().tmdb_id == 12
    assert stored_link().processed_status == "PENDING"
    assert (work.media_type, work.locked_fields, work.failure_kind) == ("tv", ["tmdb_id"], "")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.why) == ("choose TMDB record", tconst(1), "seen it")


@pytest.mark.parametrize("sent", [{"media_type": "movie", "tmdb_id": 12}, {"tmdb_id": "x"}, {}])
def test_what_is_no_candidate_is_not_chosen(operator: Client, sent: dict[str, Any]) -> None:
    ambiguous()
    assert "is no candidate" in press(operator, "choose", tconst(1), **sent)
    assert stored_link().tmdb_id is None
    assert not AuditEntry.objects.exists()


# --- editing ----------------------------------------------------------------------------------


def test_an_edit_locks_the_edited_field_alone(operator: Client) -> None:
    answered(1)
    MediaLinks.objects.update(trailer_embed_url=None, last_updated=LONG_AGO)
    answer = edit(operator, poster_url="https://example.org/mine.jpg")
    assert answer.status_code == 302
    assert stored_link().poster_url == "https://example.org/mine.jpg"
    assert stored_link().trailer_embed_url is None
    assert stored_work().locked_fields == ["poster_url"]
    assert stored_link().last_updated != LONG_AGO
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.why) == ("ada", "TMDB has the wrong one")


def test_an_edit_without_a_reason_is_refused(operator: Client) -> None:
    answered(1)
    answer = edit(operator, poster_url="https://example.org/mine.jpg", why=" ")
    assert answer.status_code == 200
    assert stored_link().poster_url == POSTER


def test_saving_without_an_edit_changes_nothing(operator: Client) -> None:
    answered(1)
    MediaLinks.objects.update(trailer_embed_url=None, last_updated=LONG_AGO)
    assert edit(operator).status_code == 302
    assert stored_link().last_updated == LONG_AGO
    assert stored_work().locked_fields == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("poster_url", "javascript:alert(1)"),
        ("poster_url", "/relative.jpg"),
        ("trailer_embed_url", "ftp://example.org/x"),
        ("tmdb_id", "0"),
        ("tmdb_id", "film"),
    ],
)
def test_an_odd_value_is_refused_in_the_form(operator: Client, field: str, value: str) -> None:
    answered(1)
    answer = edit(operator, **{field: value})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert stored_link().poster_url == POSTER
    assert stored_link().tmdb_id == 9_000_001


def test_unlock_gives_the_fields_back_to_enrichment(operator: Client) -> None:
    answered(1, locked_fields=["poster_url"])
    assert "is unlocked and due now" in press(operator, "unlock", tconst(1), why="found one")
    assert stored_work().locked_fields == []
    assert "was not locked" in press(operator, "unlock", tconst(1), why="found one")
    assert AuditEntry.objects.get().action == "unlock media links"
