"""What becomes of a row, given what it holds and what TMDB said. Pure.

| TMDB said                | status   | kind                      | due again            |
|--------------------------|----------|---------------------------|----------------------|
| an answer that matches   | SUCCESS  |                           | after `stale_days`   |
| it knows no such title   | FAILED   | not_found                 | after 30 days        |
| several that may be it   | FAILED   | ambiguous                 | when an operator asks|
| something unreadable     | FAILED   | bad_payload               | when an operator asks|
| that our request is bad  | FAILED   | rejected                  | when an operator asks|
| nothing: a passing fault | as it was| (gave_up, FAILED, at last)| after a back-off     |

Nothing that TMDB leaves out erases a value the row holds, and no value an operator locked moves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sync.links.choose import Choice

PENDING, SUCCESS, FAILED = "PENDING", "SUCCESS", "FAILED"
LINK_FIELDS = ("tmdb_id", "poster_url", "trailer_embed_url")
NOT_FOUND_DAYS = 30
OPERATOR_LANE, BACKFILL_LANE = 0, 3
_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 10.0, 3600.0
_WORDS_LENGTH = 500


class Kind(StrEnum):
    """Why a row is FAILED; the values of `sync.links.models.FailureKind`."""

    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    BAD_PAYLOAD = "bad_payload"
    REJECTED = "rejected"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Answer:
    """TMDB's record of the title, with what was chosen from it."""

    media_type: str
    tmdb_id: int
    poster: Choice
    trailer: Choice


@dataclass(frozen=True, slots=True)
class Failure:
    """TMDB answered, and the row has no link for the reason in `words`."""

    kind: Kind
    words: str
    candidates: Sequence[dict[str, object]] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """TMDB did not answer; the same question may work later."""

    words: str


Outcome = Answer | Failure | Fault


@dataclass(frozen=True, slots=True)
class Held:
    """What a row holds before the decision; `attempts` already counts this claim."""

    status: str
    tmdb_id: int | None
    poster_url: str | None
    trailer_embed_url: str | None
    locked: frozenset[str]
    attempts: int
    lane: int
    failure_kind: str
    media_type: str
    fetched_at: dt.datetime | None
    poster_reason: str
    trailer_reason: str
    candidates: Sequence[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's settings; `stale_days` is --stale-days."""

    max_attempts: int
    stale_days: int


@dataclass(frozen=True, slots=True)
class Intent:
    """All that is to be written of a row."""

    status: str
    tmdb_id: int | None
    poster_url: str | None
    trailer_embed_url: str | None
    due_at: dt.datetime | None
    lane: int
    attempts: int
    failure_kind: str
    last_error: str
    media_type: str
    fetched_at: dt.datetime | None
    poster_reason: str
    trailer_reason: str
    candidates: Sequence[dict[str, object]]

    def link_differs(self, held: Held) -> bool:
        """Whether `last_updated` has to move."""
        return any(getattr(self, name) != getattr(held, name) for name in LINK_FIELDS)


def is_settled(outcome: Outcome, attempts: int, policy: Policy) -> bool:
    """Whether the row leaves this run as SUCCESS or FAILED, not to be tried again soon."""
    return not isinstance(outcome, Fault) or attempts >= policy.max_attempts


def decide(
    held: Held, outcome: Outcome, *, now: dt.datetime, policy: Policy, random01: float
) -> Intent:
    """Return what to write. `random01` in [0, 1) spreads the back-off."""
    if isinstance(outcome, Answer):
        return _succeed(held, outcome, now, policy)
    if isinstance(outcome, Failure):
        due = now + dt.timedelta(days=NOT_FOUND_DAYS) if outcome.kind == Kind.NOT_FOUND else None
        failed = _fail(held, outcome.kind, outcome.words, due)
        return replace(failed, fetched_at=now, candidates=list(outcome.candidates))
    if is_settled(outcome, held.attempts, policy):
        words = f"Gave up after {held.attempts} attempts: {outcome.words}"
        return replace(_fail(held, Kind.GAVE_UP, words, None), attempts=held.attempts)
    wait = dt.timedelta(seconds=back_off_seconds(held.attempts, random01))
    return replace(_kept(held), last_error=outcome.words[:_WORDS_LENGTH], due_at=now + wait)


def back_off_seconds(attempts: int, random01: float) -> float:
    """10, 30, 90, 270 … seconds after the first, second, … attempt, at least half of it."""
    whole = min(_FIRST_RETRY_SECONDS * 3.0 ** max(attempts - 1, 0), _LONGEST_RETRY_SECONDS)
    return whole * (0.5 + random01 / 2)


def _succeed(held: Held, answer: Answer, now: dt.datetime, policy: Policy) -> Intent:
    poster = _keep("poster", held, "poster_url", held.poster_url, answer.poster)
    trailer = _keep("trailer", held, "trailer_embed_url", held.trailer_embed_url, answer.trailer)
    return replace(
        _kept(held),
        status=SUCCESS,
        tmdb_id=held.tmdb_id if "tmdb_id" in held.locked else answer.tmdb_id,
        media_type=answer.media_type,
        poster_url=poster.url,
        poster_reason=poster.reason,
        trailer_embed_url=trailer.url,
        trailer_reason=trailer.reason,
        due_at=now + dt.timedelta(days=policy.stale_days),
        lane=_settled_lane(held.lane),
        attempts=0,
        failure_kind="",
        last_error="",
        fetched_at=now,
        candidates=[],
    )


def _keep(what: str, held: Held, field: str, value: str | None, choice: Choice) -> Choice:
    """The new value with its reason, unless a lock or its absence keeps the old one."""
    if field in held.locked:
        offer = f" TMDB's would be {choice.url}." if choice.url and choice.url != value else ""
        return Choice(value, f"An operator chose this {what} and locked it.{offer}")
    if choice.url is None and value:
        return Choice(value, f"{choice.reason} The earlier {what} is kept.")
    return choice


def _fail(held: Held, kind: Kind, words: str, due_at: dt.datetime | None) -> Intent:
    return replace(
        _kept(held),
        status=FAILED,
        failure_kind=str(kind),
        last_error=words[:_WORDS_LENGTH],
        due_at=due_at,
        lane=_settled_lane(held.lane),
        attempts=0,
    )


def _kept(held: Held) -> Intent:
    return Intent(
        status=held.status,
        tmdb_id=held.tmdb_id,
        poster_url=held.poster_url,
        trailer_embed_url=held.trailer_embed_url,
        due_at=None,
        lane=held.lane,
        attempts=held.attempts,
        failure_kind=held.failure_kind,
        last_error="",
        media_type=held.media_type,
        fetched_at=held.fetched_at,
        poster_reason=held.poster_reason,
        trailer_reason=held.trailer_reason,
        candidates=held.candidates,
    )


def _settled_lane(lane: int) -> int:
    """An operator's click is spent once answered; the refresh later is nobody's hurry."""
    return BACKFILL_LANE if lane == OPERATOR_LANE else lane
