"""Every answer of TMDB leads to one status, kind, words and next date."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.links.choose import Choice
from sync.links.decide import (
    BACKFILL_LANE,
    FAILED,
    LINK_FIELDS,
    OPERATOR_LANE,
    PENDING,
    SUCCESS,
    Answer,
    Failure,
    Fault,
    Held,
    Intent,
    Kind,
    Outcome,
    Policy,
    back_off_seconds,
    decide,
    is_settled,
)

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
POLICY = Policy(max_attempts=5, stale_days=150)
EMPTY = Held(
    status=PENDING,
    tmdb_id=None,
    poster_url=None,
    trailer_embed_url=None,
    locked=frozenset(),
    attempts=1,
    lane=BACKFILL_LANE,
    failure_kind="",
    media_type="",
    fetched_at=None,
    poster_reason="",
    trailer_reason="",
    candidates=(),
)
FILLED = replace(
    EMPTY,
    status=SUCCESS,
    tmdb_id=9_000_001,
    poster_url="https://image.tmdb.org/t/p/w500/old.jpg",
    trailer_embed_url="https://www.youtube.com/embed/oldoldoldol",
    media_type="movie",
    fetched_at=NOW - dt.timedelta(days=150),
    poster_reason="old poster",
    trailer_reason="old trailer",
)
ANSWER = Answer(
    media_type="movie",
    tmdb_id=9_000_002,
    poster=Choice("https://image.tmdb.org/t/p/w500/new.jpg", "a new poster."),
    trailer=Choice("https://www.youtube.com/embed/newnewnewne", "a new trailer."),
)
NOTHING = replace(
    ANSWER,
    poster=Choice(None, "TMDB has no poster."),
    trailer=Choice(None, "TMDB lists no video."),
)


def decided(held: Held, outcome: Outcome, random01: float = 0.0) -> Intent:
    return decide(held, outcome, now=NOW, policy=POLICY, random01=random01)


def test_an_answer_fills_the_row_and_is_asked_again_after_the_stale_days() -> None:
    intent = decided(replace(EMPTY, attempts=3, failure_kind="not_found"), ANSWER)
    assert intent.status == SUCCESS
    assert intent.tmdb_id == 9_000_002
    assert intent.poster_url == "https://image.tmdb.org/t/p/w500/new.jpg"
    assert intent.poster_reason == "a new poster."
    assert intent.trailer_embed_url == "https://www.youtube.com/embed/newnewnewne"
    assert intent.trailer_reason == "a new trailer."
    assert intent.media_type == "movie"
    assert intent.fetched_at == NOW
    assert intent.due_at == NOW + dt.timedelta(days=150)
    assert (intent.attempts, intent.failure_kind, intent.last_error) == (0, "", "")
    assert intent.link_differs(EMPTY)


def test_a_missing_poster_is_a_success_with_a_reason() -> None:
    intent = decided(EMPTY, NOTHING)
    assert intent.status == SUCCESS
    assert intent.poster_url is None
    assert intent.poster_reason == "TMDB has no poster."


def test_what_tmdb_leaves_out_erases_nothing() -> None:
    intent = decided(FILLED, NOTHING)
    assert intent.poster_url == FILLED.poster_url
    assert intent.poster_reason == "TMDB has no poster. The earlier poster is kept."
    assert intent.trailer_embed_url == FILLED.trailer_embed_url
    assert intent.trailer_reason == "TMDB lists no video. The earlier trailer is kept."


def test_a_locked_field_is_kept_and_tmdbs_offer_told() -> None:
    intent = decided(replace(FILLED, locked=frozenset({"poster_url"})), ANSWER)
    assert intent.poster_url == FILLED.poster_url
    assert intent.poster_reason == (
        "An operator chose this poster and locked it. "
        "TMDB's would be https://image.tmdb.org/t/p/w500/new.jpg."
    )
    assert intent.trailer_embed_url == "https://www.youtube.com/embed/newnewnewne"


def test_a_field_locked_as_empty_stays_empty() -> None:
    intent = decided(replace(EMPTY, locked=frozenset({"trailer_embed_url"})), ANSWER)
    assert intent.trailer_embed_url is None


def test_a_locked_id_is_kept() -> None:
    intent = decided(replace(FILLED, locked=frozenset(LINK_FIELDS)), ANSWER)
    assert intent.tmdb_id == FILLED.tmdb_id
    assert not intent.link_differs(FILLED)


def test_the_same_answer_again_changes_no_link() -> None:
    same = Answer(
        media_type="movie",
        tmdb_id=9_000_001,
        poster=Choice(FILLED.poster_url, "the same poster."),
        trailer=Choice(FILLED.trailer_embed_url, "the same trailer."),
    )
    assert not decided(FILLED, same).link_differs(FILLED)


def test_an_unknown_title_is_asked_again_after_thirty_days() -> None:
    intent = decided(EMPTY, Failure(Kind.NOT_FOUND, "TMDB does not know it."))
    assert (intent.status, intent.failure_kind) == (FAILED, "not_found")
    assert intent.last_error == "TMDB does not know it."
    assert intent.due_at == NOW + dt.timedelta(days=30)
    assert intent.fetched_at == NOW


@pytest.mark.parametrize("kind", [Kind.AMBIGUOUS, Kind.BAD_PAYLOAD, Kind.REJECTED])
def test_other_failures_wait_for_an_operator(kind: Kind) -> None:
    intent = decided(FILLED, Failure(kind, "w" * 900, [{"tmdb_id": 1}]))
    assert (intent.status, intent.failure_kind) == (FAILED, kind)
    assert intent.due_at is None
    assert intent.candidates == [{"tmdb_id": 1}]
    assert len(intent.last_error) == 500
    assert not intent.link_differs(FILLED)


def test_a_passing_fault_stays_pending_and_backs_off() -> None:
    intent = decided(replace(EMPTY, attempts=2), Fault("TMDB is away"))
    assert (intent.status, intent.failure_kind) == (PENDING, "")
    assert intent.due_at == NOW + dt.timedelta(seconds=15)
    assert intent.attempts == 2
    assert intent.last_error == "TMDB is away"


def test_a_fault_during_a_refresh_keeps_what_is_known() -> None:
    intent = decided(FILLED, Fault("TMDB is away"))
    assert intent.status == SUCCESS
    assert intent.fetched_at == FILLED.fetched_at
    unknown = replace(EMPTY, status=FAILED, failure_kind="not_found")
    assert decided(unknown, Fault("away")).failure_kind == "not_found"


def test_the_last_attempt_gives_up_until_an_operator_asks() -> None:
    intent = decided(replace(EMPTY, attempts=5), Fault("TMDB is away"))
    assert (intent.status, intent.failure_kind) == (FAILED, "gave_up")
    assert intent.due_at is None
    assert intent.attempts == 5
    assert intent.last_error == "Gave up after 5 attempts: TMDB is away"


@pytest.mark.parametrize("outcome", [ANSWER, Failure(Kind.NOT_FOUND, "unknown")])
def test_an_operators_row_leaves_his_lane_once_answered(outcome: Outcome) -> None:
    assert decided(replace(EMPTY, lane=OPERATOR_LANE), outcome).lane == BACKFILL_LANE
    assert decided(replace(EMPTY, lane=1), outcome).lane == 1


def test_an_operators_row_keeps_his_lane_until_answered() -> None:
    assert decided(replace(EMPTY, lane=OPERATOR_LANE), Fault("away")).lane == OPERATOR_LANE


def test_only_a_fault_with_attempts_left_is_not_settled() -> None:
    assert is_settled(ANSWER, 1, POLICY)
    assert is_settled(Failure(Kind.REJECTED, "bug"), 1, POLICY)
    assert not is_settled(Fault("away"), 4, POLICY)
    assert is_settled(Fault("away"), 5, POLICY)


@pytest.mark.parametrize(
    ("attempts", "whole"), [(0, 10), (1, 10), (2, 30), (3, 90), (4, 270), (99, 3600)]
)
def test_back_off_triples_up_to_an_hour(attempts: int, whole: float) -> None:
    assert back_off_seconds(attempts, 0.0) == whole / 2
    assert back_off_seconds(attempts, 1.0) == whole


_urls = st.none() | st.sampled_from(["https://a/1.jpg", "https://a/2.jpg"])


@given(
    held_poster=_urls,
    offered=_urls,
    status=st.sampled_from([PENDING, SUCCESS, FAILED]),
    locked=st.booleans(),
    attempts=st.integers(1, 9),
    outcome=st.sampled_from(["answer", "failure", "fault"]),
)
def test_no_outcome_ever_erases_a_value_or_moves_a_locked_one(
    held_poster: str | None,
    offered: str | None,
    status: str,
    locked: bool,
    attempts: int,
    outcome: str,
) -> None:
    held = replace(
        EMPTY,
        status=status,
        poster_url=held_poster,
        attempts=attempts,
        locked=frozenset({"poster_url"} if locked else ()),
    )
    outcomes: dict[str, Outcome] = {
        "answer": replace(ANSWER, poster=Choice(offered, "reason.")),
        "failure": Failure(Kind.AMBIGUOUS, "words"),
        "fault": Fault("words"),
    }
    intent = decided(held, outcomes[outcome])
    assert intent.poster_url is not None or held_poster is None or locked
    assert not locked or intent.poster_url == held_poster
    # A FAILED row always says why; one in another state never claims a failure.
    assert (intent.status == FAILED) >= bool(intent.failure_kind)
