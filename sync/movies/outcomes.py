"""Writing what became of a batch of fetched ids, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Collection, Mapping, Sequence

from django.db.models import F

from popflix.lib import field_locks
from popflix.lib.http import UpstreamError
from sync.movies.asking import Answered, Asked
from sync.movies.due import due_at
from sync.movies.held import Key, ids_of
from sync.movies.models import AskedBy, Movie, MovieFetch, UpstreamState
from sync.movies.store import Fetched, apply_movies
from sync.movies.verdict import NOT_FOUND, Verdict, judge
from sync.movies.work import Settled, lock_work, settled_lane, write_settled

Outcome = Answered | UpstreamError
LOCKED_TABLE = "sync.movie"


def apply_outcomes(
    results: Sequence[tuple[Asked, Outcome]],
    *,
    now: dt.datetime,
    max_attempts: int,
    random01: Callable[[], float] = random.random,
) -> None:
    """A row that somebody else holds by now is left alone, what was answered is kept even so."""
    answered = [(asked, told) for asked, told in results if isinstance(told, Answered)]
    merged = [pair for pair in answered if pair[1].values.key != pair[0].key]
    apply_movies(
        [_fetched(asked, told) for asked, told in answered],
        now=now,
        locks_of=lambda ids: locks_of(ids, now),
    )
    failed = [(asked, told) for asked, told in results if isinstance(told, UpstreamError)]
    mine = _still_mine([asked for asked, _ in (*merged, *failed)])
    verdicts = {
        asked.key: (asked, judge(told, attempts=asked.attempts, max_attempts=max_attempts,
                                 now=now, random01=random01()))
        for asked, told in failed
        if asked.key in mine
    }  # fmt: skip
    settled = [_of_verdict(*verdict) for verdict in verdicts.values()]
    settled += _of_merged([pair for pair in merged if pair[0].key in mine])
    write_settled(settled, asked_by=AskedBy.OPERATOR, now=now)
    _mark_gone([asked for asked, verdict in verdicts.values() if verdict.kind == NOT_FOUND])


def _fetched(asked: Asked, told: Answered) -> Fetched:
    """Another id's record is nobody's claimed row: that one is settled by itself."""
    values = told.values
    released = values.release_date if isinstance(values.release_date, dt.date) else None
    again = due_at(values.tmdb_id, released, told.fetched_at)
    token = asked.token if values.key == asked.key else ""
    return Fetched(values, told.body, told.fetched_at, again, token)


def _still_mine(asked: Collection[Asked]) -> set[Key]:
    work = lock_work([one.key for one in asked])
    return {one.key for one in asked if one.key in work and work[one.key].lease_token == one.token}


def _of_verdict(asked: Asked, verdict: Verdict) -> Settled:
    return Settled(
        asked.key,
        verdict.due_at,
        lane=settled_lane(asked.lane) if verdict.is_final else asked.lane,
        movie_id=asked.movie_id,
        attempts=verdict.attempts,
        failure_kind=verdict.kind,
        last_error=verdict.words,
    )


def _of_merged(pairs: Sequence[tuple[Asked, Answered]]) -> list[Settled]:
    """The id is another's by now: its row leads there, and is not asked for by itself again."""
    if not pairs:
        return []
    targets = ids_of([told.values.key for _, told in pairs])
    settled = []
    for asked, told in pairs:
        if asked.movie_id is not None:
            Movie.objects.filter(pk=asked.movie_id).update(
                upstream_state=UpstreamState.MERGED, merged_into=told.values.tmdb_id
            )
        target = targets[told.values.key]
        settled.append(Settled(asked.key, None, settled_lane(asked.lane), target))
    return settled


def _mark_gone(asked: Sequence[Asked]) -> None:
    held = [one.movie_id for one in asked if one.movie_id is not None]
    if held:
        Movie.objects.filter(pk__in=held).update(upstream_state=UpstreamState.GONE)


def locks_of(movie_ids: Collection[int], now: dt.datetime) -> Mapping[str, Collection[str]]:
    """By movie the fields that an operator keeps."""
    return field_locks.locks_of(LOCKED_TABLE, movie_ids, now)


def read_asked(keys: Collection[int], token: str) -> list[Asked]:
    """The claimed rows that are to be fetched, in the order of `keys`."""
    rows = MovieFetch.objects.filter(pk__in=keys).annotate(own=F("movie__tmdb_id"))
    made = {}
    for pk, media_type, tmdb_id, movie_id, own, lane, attempts in rows.values_list(
        "pk", "media_type", "tmdb_id", "movie_id", "own", "lane", "attempts"
    ):
        # A row whose id was merged leads to the other movie, which is not the one to mark.
        held = movie_id if own == tmdb_id else None
        made[pk] = Asked(pk, (media_type, tmdb_id), held, lane, attempts, token)
    return [made[key] for key in keys if key in made]
