"""A batch is written in few statements, and `last_updated` moves exactly with the links."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sync.links.choose import Choice
from sync.links.decide import Answer, Failure, Fault, Kind, Outcome, Policy
from sync.links.lookup import Question
from sync.links.models import Enrichment
from sync.links.store import apply_outcomes, load_questions
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
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
POLICY = Policy(max_attempts=5, stale_days=150)
SAME = Answer("movie", 9_000_001, Choice(POSTER, "p."), Choice(TRAILER, "t."))
NEW = Answer(
    "movie",
    9_000_001,
    Choice("https://image.tmdb.org/t/p/w500/new.jpg", "poster."),
    Choice("https://www.youtube.com/embed/newnewnewne", "trailer."),
)
TOKEN = "7-1-1"


def claimed(*numbers: int, token: str = TOKEN) -> list[Question]:
    keys = [tconst(number) for number in numbers]
    Enrichment.objects.filter(pk__in=keys).update(lease_token=token, attempts=1)
    return load_questions(keys, token)


def apply(outcome: Outcome, *questions: Question) -> int:
    with transaction.atomic():
        results = [(question, outcome) for question in questions]
        written = apply_outcomes(results, run_id=7, now=NOW, policy=POLICY, random01=lambda: 0.0)
    return len(written)


def test_a_question_carries_what_imdb_says_and_what_the_row_holds() -> None:
    link(2, title_type="tvSeries", primary_title="Harbour", original_title="Havn", start_year=1999)
    answered(1, locked_fields=["tmdb_id"], lane=1)
    pinned, series = claimed(1, 2)
    assert (series.wanted.primary_title, series.wanted.original_title) == ("Harbour", "Havn")
    assert (series.wanted.title_type, series.wanted.start_year) == ("tvSeries", 1999)
    assert (series.known_id, series.known_type, series.is_pinned) == (None, "", False)
    assert (pinned.known_id, pinned.known_type, pinned.is_pinned) == (9_000_001, "movie", True)
    assert (pinned.lane, pinned.attempts, pinned.token) == (1, 1, TOKEN)


def test_an_answer_fills_the_row_and_moves_last_updated() -> None:
    link(1)
    assert apply(NEW, *claimed(1)) == 1
    stored, work = stored_link(), stored_work()
    assert stored.processed_status == "SUCCESS"
    assert stored.tmdb_id == 9_000_001
    assert stored.poster_url == "https://image.tmdb.org/t/p/w500/new.jpg"
    assert stored.trailer_embed_url == "https://www.youtube.com/embed/newnewnewne"
    assert stored.last_updated == NOW
    assert (work.poster_reason, work.trailer_reason, work.media_type) == (
        "poster.",
        "trailer.",
        "movie",
    )
    assert (work.fetched_at, work.due_at) == (NOW, NOW + dt.timedelta(days=150))
    assert (work.lease_token, work.attempts, work.last_run_id) == ("", 0, 7)


@pytest.mark.parametrize(
    "outcome",
    [SAME, Failure(Kind.NOT_FOUND, "unknown"), Failure(Kind.AMBIGUOUS, "two", [{"tmdb_id": 3}])],
)
def test_last_updated_stays_where_no_link_changes(outcome: Outcome) -> None:
    answered(1)
    apply(outcome, *claimed(1))
    assert stored_link().last_updated == LONG_AGO
    assert (stored_link().poster_url, stored_link().tmdb_id) == (POSTER, 9_000_001)


def test_a_status_that_moves_alone_leaves_last_updated() -> None:
    link(1)
    apply(Failure(Kind.AMBIGUOUS, "two", [{"tmdb_id": 3}]), *claimed(1))
    assert stored_link().processed_status == "FAILED"
    assert stored_link().last_updated == LONG_AGO
    assert stored_work().failure_kind == "ambiguous"
    assert stored_work().candidates == [{"tmdb_id": 3}]
    assert stored_work().due_at is None


def test_a_last_updated_that_was_never_set_stays_so() -> None:
    link(1, last_updated=None)
    apply(Failure(Kind.NOT_FOUND, "unknown"), *claimed(1))
    assert stored_link().last_updated is None


def test_a_passing_fault_keeps_the_row_pending_and_counts_the_attempt() -> None:
    link(1)
    apply(Fault("TMDB is away"), *claimed(1))
    work = stored_work()
    assert stored_link().processed_status == "PENDING"
    assert (work.attempts, work.lease_token, work.last_error) == (1, "", "TMDB is away")
    assert work.due_at == NOW + dt.timedelta(seconds=5)


def test_a_row_that_lost_its_lease_is_not_written() -> None:
    link(1)
    link(2)
    questions = claimed(1, 2)
    Enrichment.objects.filter(pk=tconst(1)).update(lease_token="8-1-1")
    assert apply(NEW, *questions) == 1
    assert stored_link(1).processed_status == "PENDING"
    assert stored_link(2).processed_status == "SUCCESS"


def test_a_token_of_the_same_batch_does_not_open_another_claims_row() -> None:
    link(1)
    link(2)
    first, second = claimed(1), claimed(2, token="7-1-2")
    Enrichment.objects.filter(pk=tconst(1)).update(lease_token="7-1-2")
    assert apply(NEW, *first, *second) == 1
    assert stored_link(1).processed_status == "PENDING"


def test_a_lock_set_after_the_claim_is_kept() -> None:
    answered(1)
    questions = claimed(1)
    Enrichment.objects.filter(pk=tconst(1)).update(locked_fields=["poster_url"])
    apply(NEW, *questions)
    assert stored_link().poster_url == POSTER
    assert stored_link().trailer_embed_url == "https://www.youtube.com/embed/newnewnewne"
    assert stored_work().locked_fields == ["poster_url"]
    assert "locked it" in stored_work().poster_reason


def test_texts_of_any_script_and_sign_are_stored_as_they_are() -> None:
    link(1)
    words = 'L\'été «%s» \\ 静かな 🎬 "x"'
    apply(Failure(Kind.BAD_PAYLOAD, words, [{"title": words}]), *claimed(1))
    assert stored_work().last_error == words
    assert stored_work().candidates == [{"title": words}]


def test_a_batch_takes_as_many_statements_as_one_row() -> None:
    numbers = range(1, 41)
    for number in numbers:
        link(number)
    questions = claimed(*numbers)
    with CaptureQueriesContext(
        connection,
    ) as one:
        apply(NEW, questions[0])
    with CaptureQueriesContext(connection) as many:
        apply(NEW, *questions[1:])
    assert len(many) == len(one)


def test_an_empty_batch_writes_nothing() -> None:
    assert apply(NEW) == 0
