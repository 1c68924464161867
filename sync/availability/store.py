"""Writing a batch of checks: the one place that does, with few statements whatever its size.

All in the caller's transaction: rows, those of regions, flips, documents. A row that somebody
else holds by now is left alone, so that a batch that is stored twice is stored once.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from popflix.engine.grouping import error_group
from popflix.engine.models import Lane
from sync.availability import due
from sync.availability.decide import State, decide
from sync.availability.heard import Heard
from sync.availability.held import Place, Row, lock_rows, region_rows
from sync.availability.types import ANYWHERE
from sync.availability.verdict import NO_IMDB_ID
from sync.availability.writing import Change, write_changes, write_flips
from sync.movies.models import AskedBy
from sync.movies.rows import write_payloads
from sync.movies.superseded import forget_payloads
from sync.movies.work import ask_for

DOCUMENT_KIND = "watch"  # of StoredPayload
_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """How a provider's rows move."""

    provider_id: int
    confirm_hours: float
    stale_hours: float
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What a batch came to. `flipped` counts rows whose answer turned, regions among them, and
    `first` those that had none; `lost` came for rows that somebody else holds."""

    flipped: int = 0
    first: int = 0
    lost: int = 0


def apply_heard(
    batch: Sequence[Heard],
    rules: Rules,
    *,
    now: dt.datetime,
    run_id: int | None = None,
    random01: Callable[[], float] = random.random,
) -> Stored:
    """Write what was heard; `random01` spreads the back-off of what stays unknown."""
    locked = lock_rows([one.asked for one in batch])
    mine = [one for one in batch if _is_mine(one, locked)]
    write_payloads([(one.document, DOCUMENT_KIND) for one in mine if one.document], now)
    changes: list[Change] = []
    known = _known_in_regions(mine, rules)
    for one in mine:
        beside = _of_regions(one, known, rules)
        changes += [_of_row(one, locked[one.asked.id], beside, rules, now, random01()), *beside]
    write_changes(changes, rules.provider_id)
    forget_payloads(locked[one.asked.id].document for one in mine if one.document)
    flips = [each for each in changes if each.decision.is_flip]
    write_flips(flips, rules.provider_id, run_id, now)
    _ask_about_gone(mine, now)
    first = sum(not each.before.status for each in flips)
    return Stored(len(flips) - first, first, len(batch) - len(mine))


def _is_mine(one: Heard, locked: Mapping[int, Row]) -> bool:
    row = locked.get(one.asked.id)
    return row is not None and row.token == one.asked.token


def _known_in_regions(mine: Collection[Heard], rules: Rules) -> dict[Place, State]:
    regions = {region for one in mine for region in one.regions}
    return region_rows(rules.provider_id, [one.asked.movie_id for one in mine], regions)


def _place(one: Heard, region: str) -> Place:
    return one.asked.movie_id, one.asked.target.season, one.asked.target.episode, region


def _of_regions(one: Heard, known: Mapping[Place, State], rules: Rules) -> list[Change]:
    made = []
    for region, judged in sorted(one.regions.items()):
        place = _place(one, region)
        before = known.get(place, State())
        decision = decide(before, judged.found, one.at, rules.confirm_hours)
        made.append(Change(place, judged, before, decision))
    return made


def _of_row(
    one: Heard,
    row: Row,
    beside: Sequence[Change],
    rules: Rules,
    now: dt.datetime,
    random01: float,
) -> Change:
    decision = decide(row.state, one.overall.found, one.at, rules.confirm_hours)
    if one.is_known:
        doubts = [decision.confirm_at, *(each.decision.confirm_at for each in beside)]
        work = _known_work(one, row, due.soonest(doubts), rules, now)
    elif one.is_returned:
        work = _returned(one, row, now)
    else:
        work = _unknown_work(one, row, rules, now, random01)
    document = row.document if one.document is None else one.document.sha256
    place = _place(one, ANYWHERE)
    return Change(place, one.overall, row.state, decision, row.id, work, document)


def _known_work(
    one: Heard, row: Row, confirm_at: dt.datetime | None, rules: Rules, now: dt.datetime
) -> tuple[Any, ...]:
    lane = due.settled_lane(row.lane, is_known=True, is_doubted=confirm_at is not None)
    due_at = due.next_check(row.id, one.at, rules.stale_hours)
    if due_at <= now:  # what is held already was old when it was looked at
        due_at = due.next_check(row.id, now, rules.stale_hours)
    if confirm_at is not None:
        # One that ought to have been looked at already waits a little all the same: a list that
        # was read too early for a second look stays the same for the whole run.
        late = now + dt.timedelta(seconds=due.FIRST_RETRY_SECONDS)
        due_at = confirm_at if confirm_at > now else late
    return due_at, lane, "", 0, "", "", None, ""


def _returned(one: Heard, row: Row, now: dt.datetime) -> tuple[Any, ...]:
    """Due as soon as the provider may be asked again; the try does not count."""
    words = one.overall.words[:_ERROR_LENGTH]
    return now, row.lane, "", max(0, row.attempts - 1), one.kind, "", None, words


def _unknown_work(
    one: Heard, row: Row, rules: Rules, now: dt.datetime, random01: float
) -> tuple[Any, ...]:
    words = one.overall.words[:_ERROR_LENGTH]
    lane = due.settled_lane(row.lane, is_known=False, is_doubted=False)
    if one.overall.rule == NO_IMDB_ID:  # nobody was asked: TMDB may name an id one day
        again = due.next_check(row.id, now, rules.stale_hours)
        return again, lane, "", 0, one.kind, "", None, words
    if row.attempts >= rules.max_attempts:
        return None, lane, "", row.attempts, one.kind, error_group(words), now, words
    again = due.retry_at(row.attempts, now, random01)
    return again, lane, "", row.attempts, one.kind, "", None, words


def _ask_about_gone(mine: Sequence[Heard], now: dt.datetime) -> None:
    """TMDB itself says which movie is gone: the movie's own refresh finds out."""
    gone: dict[str, dict[int, int | None]] = {}
    for one in mine:
        if one.is_gone:
            target = one.asked.target
            gone.setdefault(target.media_type, {})[target.tmdb_id] = one.asked.movie_id
    for media_type, movies in sorted(gone.items()):
        ask_for(
            media_type, movies, asked_by=AskedBy.AGE, lane=Lane.BACKFILL, due_at=now, now=now,
            wake=True,
        )  # fmt: skip
