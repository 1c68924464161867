"""Writing movies: a batch of answers in one transaction, with few statements whatever its size.

An answer whose body is held already is one touch of `fetched_at`; one that is older than what is
held changes nothing. Values move as `sync.movies.merge` decides, and `updated_at` with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from django.db import transaction

from popflix.engine.models import Lane
from popflix.lib.locks import again_when_locked
from sync.movies.conflicts import find_conflicts, write_conflicts
from sync.movies.held import Key, Mark, ids_of, lock_marks
from sync.movies.merge import DEFAULT_POLICY, Merged, Policy
from sync.movies.models import AskedBy, Movie, UpstreamState
from sync.movies.planning import Fetched, LocksOf, Plan, no_locks, plan_movies, plan_news
from sync.movies.rating_rows import Rated, write_ratings
from sync.movies.rows import write_movies, write_payloads
from sync.movies.superseded import forget_payloads
from sync.movies.work import Settled, Work, lock_work, settled_lane, write_settled

__all__ = [
    "Fetched", "LocksOf", "Stored", "apply_movies", "no_locks", "plan_movies", "rewrite_movies",
    "store_movies",
]  # fmt: skip
FROM_TMDB = "TMDB's record"


@dataclass
class Stored:
    """What a batch came to. `merged` has of each movie that moved the changes and reasons.

    `lost` answers came for rows that somebody else holds by now; `older` ones are older than
    what is held.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    lost: int = 0
    conflicts: int = 0
    merged: dict[Key, Merged] = field(default_factory=dict)


def store_movies(batch: Sequence[Fetched], **options: Any) -> Stored:
    """`apply_movies` in a transaction of its own, again where it lost against locks."""

    def attempt() -> Stored:
        with transaction.atomic():
            return apply_movies(batch, **options)

    return again_when_locked(attempt)


def apply_movies(
    batch: Sequence[Fetched],
    *,
    now: dt.datetime,
    asked_by: AskedBy = AskedBy.OPERATOR,
    locks_of: LocksOf = no_locks,
    policy: Policy = DEFAULT_POLICY,
) -> Stored:
    """Write a batch with payloads, ratings, work rows and conflicts in the caller's transaction.

    `locks_of` names by movie (its key as text) the fields that only an operator moves.
    """
    work = lock_work([one.key for one in batch])
    mine = {one.key: one for one in _oldest_first(batch) if _is_mine(one, work)}
    marks = lock_marks(mine)
    ids = {key: mark.id for key, mark in marks.items()}
    told = {key: _standing(one, marks.get(key)) for key, one in mine.items()}
    news = [one for key, one in mine.items() if told[key] is _Standing.NEWS]
    same = [one for key, one in mine.items() if told[key] is _Standing.SAME]
    plans = plan_news(news, marks, locks_of, policy)
    _touch([(ids[one.key], one.fetched_at) for one in same])
    ids |= _write(plans, now)
    forget_payloads(plan.mark.payload for plan in plans if plan.mark is not None)
    _settle([one for one in mine.values() if one.token or told[one.key] is not _Standing.OLDER],
            work, ids, asked_by, now)  # fmt: skip
    moved = {plan.one.key: plan.result for plan in plans if plan.is_moved}
    inserted = sum(plan.mark is None for plan in plans)
    return Stored(
        inserted=inserted,
        updated=len(moved) - inserted,
        unchanged=len(same) + len(plans) - len(moved),
        older=len(mine) - len(news) - len(same),
        lost=len({one.key for one in batch}) - len(mine),
        conflicts=_record_conflicts(plans, ids, now),
        merged=moved,
    )


def rewrite_movies(
    batch: Sequence[Fetched],
    *,
    now: dt.datetime,
    locks_of: LocksOf = no_locks,
    policy: Policy = DEFAULT_POLICY,
) -> Stored:
    """Write what is read today of bodies that are held, in the caller's transaction.

    TMDB has not answered: age, upstream state and work rows stay as they are. A movie that has
    another body by now is left alone and counted as `older`. `fetched_at` is the movie's own.
    """
    marks = lock_marks([one.key for one in batch])
    ours = [
        one
        for one in {one.key: one for one in batch}.values()
        if one.key in marks and marks[one.key].payload == one.body.sha256
    ]
    plans = plan_news(ours, marks, locks_of, policy)
    moved = [plan for plan in plans if plan.is_moved]
    write_movies([plan.row for plan in moved], now, is_answer=False)
    ids = {key: mark.id for key, mark in marks.items()}
    _rate(plans, ids)
    return Stored(
        updated=len(moved),
        unchanged=len(plans) - len(moved),
        older=len({one.key for one in batch}) - len(plans),
        conflicts=_record_conflicts(plans, ids, now),
        merged={plan.one.key: plan.result for plan in moved},
    )


def _oldest_first(batch: Sequence[Fetched]) -> list[Fetched]:
    return sorted(batch, key=lambda one: one.fetched_at)


def _is_mine(one: Fetched, work: Mapping[Key, Work]) -> bool:
    """An operator may have taken the row away meanwhile, or another worker with its lease."""
    return not one.token or (one.key in work and work[one.key].lease_token == one.token)


def _touch(touched: Sequence[tuple[int, dt.datetime]]) -> None:
    """Of movies whose body is held already."""
    if len({at for _, at in touched}) == 1:
        Movie.objects.filter(id__in=[number for number, _ in touched]).update(
            fetched_at=touched[0][1]
        )
    elif touched:
        rows = [Movie(id=number, fetched_at=at) for number, at in touched]
        Movie.objects.bulk_update(rows, ["fetched_at"], batch_size=500)


class _Standing(Enum):
    """What an answer is beside what is held."""

    NEWS = auto()
    SAME = auto()
    OLDER = auto()


def _standing(one: Fetched, mark: Mark | None) -> _Standing:
    if mark is None:
        return _Standing.NEWS
    if mark.fetched_at and mark.fetched_at > one.fetched_at:
        return _Standing.OLDER
    is_held = mark.payload == one.body.sha256 and mark.state == UpstreamState.LIVE
    return _Standing.SAME if is_held else _Standing.NEWS


def _write(plans: Sequence[Plan], now: dt.datetime) -> dict[Key, int]:
    """The movies, their payloads and TMDB's ratings; returns the movies' ids."""
    if not plans:
        return {}
    write_payloads([(plan.one.body, plan.one.values.media_type) for plan in plans], now)
    write_movies([plan.row for plan in plans], now)
    ids = ids_of([plan.one.key for plan in plans])
    _rate(plans, ids)
    return ids


def _rate(plans: Sequence[Plan], ids: Mapping[Key, int]) -> None:
    rated = [
        Rated(ids[plan.one.key], rating, plan.one.fetched_at, FROM_TMDB)
        for plan in plans
        for rating in plan.one.values.ratings
    ]
    write_ratings(rated, of_new={ids[plan.one.key] for plan in plans if plan.mark is None})


def _record_conflicts(plans: Sequence[Plan], ids: Mapping[Key, int], now: dt.datetime) -> int:
    named = {
        plan.one.key: (ids[plan.one.key], str(change.after))
        for plan in plans
        for change in plan.result.changes
        if change.field == "imdb_id" and change.after
    }
    refused = {
        ids[plan.one.key]: str(refusal.value)
        for plan in plans
        for refusal in plan.result.refusals
        if refusal.field == "imdb_id"
    }
    found = find_conflicts(named, refused)
    write_conflicts(found, now)
    return len(found)


def _settle(
    done: Collection[Fetched],
    work: Mapping[Key, Work],
    ids: Mapping[Key, int],
    asked_by: AskedBy,
    now: dt.datetime,
) -> None:
    settled = [
        Settled(
            one.key,
            one.due_at,
            lane=settled_lane(work[one.key].lane) if one.key in work else Lane.BACKFILL,
            movie_id=ids[one.key],
        )
        for one in done
    ]
    write_settled(settled, asked_by=asked_by, now=now)
