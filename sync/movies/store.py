"""Writing movies: a batch of answers in one transaction, with few statements whatever its size.

An answer whose body is held already is one touch of `fetched_at`; one that is older than what is
held changes nothing. Values move as `sync.movies.merge` decides, and `updated_at` with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, NamedTuple

from django.db import transaction

from popflix.engine.models import Lane
from popflix.lib.locks import again_when_locked
from sync.movies.bodies import Body
from sync.movies.conflicts import find_conflicts, write_conflicts
from sync.movies.fields import Source
from sync.movies.held import NOTHING, Held, Key, Mark, ids_of, lock_marks, marks_of, read_held
from sync.movies.merge import DEFAULT_POLICY, Merged, Offer, Policy, merge
from sync.movies.models import AskedBy, Movie, UpstreamState
from sync.movies.rating_rows import Rated, write_ratings
from sync.movies.rows import MovieRow, write_movies, write_payloads
from sync.movies.transform import MovieValues
from sync.movies.work import Settled, Work, lock_work, settled_lane, write_settled

LocksOf = Callable[[Collection[int]], Mapping[str, Collection[str]]]
FROM_TMDB = "TMDB's record"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of TMDB's. `token` is the lease of the claimed work row, "" where none was.

    `due_at` is when the movie is to be fetched again.
    """

    values: MovieValues
    body: Body
    fetched_at: dt.datetime
    due_at: dt.datetime | None = None
    token: str = ""

    @property
    def key(self) -> Key:
        return self.values.key


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


def no_locks(movie_ids: Collection[int]) -> Mapping[str, Collection[str]]:
    return {}


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
    plans = _plan(news, marks, locks_of, policy)
    _touch([(ids[one.key], one.fetched_at) for one in same])
    ids |= _write(plans, now)
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


def plan_movies(
    batch: Sequence[Fetched], *, locks_of: LocksOf = no_locks, policy: Policy = DEFAULT_POLICY
) -> dict[Key, Merged]:
    """What `apply_movies` would change of each movie, whether its body is held or not.

    Writes nothing; a movie that is not there yet is all changes.
    """
    marks = marks_of([one.key for one in batch])
    return {plan.one.key: plan.result for plan in _plan(batch, marks, locks_of, policy)}


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


class _Plan(NamedTuple):
    one: Fetched
    mark: Mark | None
    before: Held
    result: Merged

    @property
    def is_moved(self) -> bool:
        return self.mark is None or bool(self.result.changes)

    @property
    def row(self) -> MovieRow:
        values = self.result.after(self.before.values)
        return MovieRow(
            self.one.key, values, self.result.origins, self.one.body.sha256, self.one.fetched_at,
            self.is_moved,
        )  # fmt: skip


def _plan(
    news: Sequence[Fetched], marks: Mapping[Key, Mark], locks_of: LocksOf, policy: Policy
) -> list[_Plan]:
    known = [marks[one.key].id for one in news if one.key in marks]
    held, locks = read_held(known), locks_of(known)
    plans = []
    for one in news:
        mark = marks.get(one.key)
        before = held[mark.id] if mark else NOTHING
        keep = locks.get(str(mark.id), ()) if mark else ()
        offer = Offer(Source.TMDB, one.values.said(), one.fetched_at)
        result = merge(before.values, before.origins, [offer], locks=keep, policy=policy)
        plans.append(_Plan(one, mark, before, result))
    return plans


def _write(plans: Sequence[_Plan], now: dt.datetime) -> dict[Key, int]:
    """The movies, their payloads and TMDB's ratings; returns the movies' ids."""
    if not plans:
        return {}
    write_payloads([(plan.one.body, plan.one.values.media_type) for plan in plans], now)
    write_movies([plan.row for plan in plans], now)
    ids = ids_of([plan.one.key for plan in plans])
    rated = [
        Rated(ids[plan.one.key], rating, plan.one.fetched_at, FROM_TMDB)
        for plan in plans
        for rating in plan.one.values.ratings
    ]
    write_ratings(rated)
    return ids


def _record_conflicts(plans: Sequence[_Plan], ids: Mapping[Key, int], now: dt.datetime) -> int:
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
