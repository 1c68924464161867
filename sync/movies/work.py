"""The work rows of ids: asking for some, and writing what became of those that were fetched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from popflix.engine.grouping import error_group
from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from popflix.lib.upserts import insert_missing, upsert
from sync.movies.held import IN_ONE_STATEMENT, Key, of_keys
from sync.movies.models import AskedBy, MovieFetch

_KEY = ("media_type", "tmdb_id")
_FIRST = ("asked_by", "first_seen_at")  # written once
_SETTLED = (
    "movie_id", "due_at", "lane", "lease_token", "attempts", "failure_kind", "error_group",
    "given_up_at", "last_error",
)  # fmt: skip
_COLUMNS = (*_KEY, *_FIRST, *_SETTLED)
_ERROR_LENGTH = 500


class Work(NamedTuple):
    """A work row as it stands."""

    lane: int
    lease_token: str


@dataclass(frozen=True, slots=True)
class Settled:
    """All that is to be written of one work row.

    With a `failure_kind` and no `due_at` it is given up: a dead letter.
    """

    key: Key
    due_at: dt.datetime | None
    lane: int = Lane.BACKFILL
    movie_id: int | None = None
    attempts: int = 0
    failure_kind: str = ""
    last_error: str = ""


def lock_work(keys: Iterable[Key]) -> dict[Key, Work]:
    """The work rows among `keys` that exist, locked until the transaction ends."""
    rows = MovieFetch.objects.select_for_update().order_by("id")
    return {
        (media_type, tmdb_id): Work(lane, token)
        for some in of_keys(rows, keys)
        for media_type, tmdb_id, lane, token in some.values_list(*_KEY, "lane", "lease_token")
    }


def purged_ids(media_type: str, ids: Collection[int]) -> set[int]:
    """Those of `ids` that an operator purged: nothing is due of them, they are no movie's and
    never failed. At most `IN_ONE_STATEMENT`."""
    rows = MovieFetch.objects.filter(media_type=media_type, tmdb_id__one_of=ids, movie=None)
    rows = rows.filter(due_at=None, lease_token="", failure_kind="")
    return set(rows.values_list("tmdb_id", flat=True))


def settled_lane(lane: int) -> int:
    """An operator's click, or a show on sale, is spent once answered; the refresh later is
    nobody's hurry. Whoever still has it on sale says so anew (`sync.priority`)."""
    return Lane.BACKFILL if lane in (Lane.OPERATOR, Lane.ON_SALE) else lane


def write_settled(settled: Sequence[Settled], *, asked_by: AskedBy, now: dt.datetime) -> None:
    """End the leases of these rows, in the caller's transaction; rows that are not there are made.

    `asked_by` is for those: of a row that exists it stays who asked first.
    """
    at = connection.ops.adapt_datetimefield_value
    written = at(now)
    rows = []
    for one in sorted(settled, key=lambda one: one.key):
        is_letter = bool(one.failure_kind) and one.due_at is None
        rows.append(
            (
                *one.key,
                asked_by.value,
                written,
                one.movie_id,
                at(one.due_at),
                one.lane,
                "",
                one.attempts,
                one.failure_kind,
                error_group(one.last_error) if is_letter else "",
                written if is_letter else None,
                one.last_error[:_ERROR_LENGTH],
            )
        )
    upsert(MovieFetch, _COLUMNS, rows, key=_KEY, updated=_SETTLED)


def ask_for(
    media_type: str,
    movies: Mapping[int, int | None] | Collection[int],
    *,
    asked_by: AskedBy,
    lane: int,
    due_at: dt.datetime | None,
    now: dt.datetime,
    wake: bool = False,
) -> None:
    """Have these ids of TMDB's fetched; with a mapping, to the movie that is held of each.

    Those that have a work row keep it as it is, unless `wake`: then it becomes due, at its own
    lane or this one, whichever is more urgent, and a letter is alive again.
    """
    at = connection.ops.adapt_datetimefield_value
    held = movies if isinstance(movies, Mapping) else dict.fromkeys(movies)
    rows = [
        (media_type, tmdb_id, asked_by.value, at(now), held[tmdb_id], at(due_at), int(lane), "",
         0, "", "", None, "")
        for tmdb_id in sorted(held)
    ]  # fmt: skip
    insert_missing(MovieFetch, _COLUMNS, rows, key=_KEY)
    if not wake or due_at is None:
        return
    for some in chunk(sorted(held), IN_ONE_STATEMENT):
        those = MovieFetch.objects.filter(media_type=media_type, tmdb_id__one_of=some)
        those.filter(lane__gt=lane).update(lane=lane)
        # A row that is being fetched has its lease's end here: it will be done anyway.
        those.filter(lease_token="").filter(Q(due_at=None) | Q(due_at__gt=due_at)).update(
            due_at=due_at, attempts=0, failure_kind="", error_group="", given_up_at=None
        )
