"""Movies that an operator does not want: hidden and never fetched, wanted again, or purged.

An excluded movie keeps its row and its work row, which nothing makes due: no crawl asks for an id
that has one. Of a purged movie that work row is all that is kept, for the same end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import partial

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from popflix.engine.changes import whole
from popflix.engine.models import Lane
from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.errors import OperatorError
from popflix.lib.models import FieldLock
from sync.movies.held import IN_ONE_STATEMENT, Key, of_keys
from sync.movies.models import AskedBy, ImdbConflict, Movie, MovieFetch, MovieRating
from sync.movies.outcomes import LOCKED_TABLE
from sync.movies.superseded import forget_payloads
from sync.movies.work import ask_for, purged_ids

_ROWS_A_COMMIT = 500
_BY_LENGTH, _WHY_LENGTH = 150, 200
Actor = AbstractBaseUser | AnonymousUser | str


def excluded_keys(keys: Iterable[Key]) -> set[Key]:
    """Those among `keys` that an operator excluded."""
    return {
        key
        for rows in of_keys(Movie.objects.filter(excluded_at__isnull=False), keys)
        for key in rows.values_list("media_type", "tmdb_id")
    }


def exclude_movies(
    keys: Sequence[Key], *, by: Actor, why: str, now: dt.datetime, purge: bool = False
) -> int:
    """Hide these movies and have nothing fetch them; `purge` removes all that is held of them.

    Returns how many there were. Raises OperatorError without a reason, or where none is held.
    """
    _require_why(why)
    done = sum(
        whole(partial(_purge if purge else _exclude, some, by, why, now))
        for some in chunk(keys, _ROWS_A_COMMIT)
    )
    if not done:
        raise OperatorError(
            f"None of these movies is held{'' if purge else ', or all are excluded'}: "
            f"{_named(keys)}.",
            "Look for them in the list of movies.",
        )
    return done


def restore_movies(keys: Sequence[Key], *, by: Actor, why: str, now: dt.datetime) -> int:
    """Undo the exclusion, and have TMDB asked about them before everything else.

    Of a purged movie the id alone is known; it is fetched anew. Returns how many there were.
    """
    _require_why(why)
    done = sum(
        whole(partial(_restore, some, by, why, now)) for some in chunk(keys, _ROWS_A_COMMIT)
    )
    if not done:
        raise OperatorError(
            f"None of these movies is excluded: {_named(keys)}.",
            "Filter the list of movies by what is excluded.",
        )
    return done


def _exclude(keys: Sequence[Key], by: Actor, why: str, now: dt.datetime) -> int:
    rows = _locked(keys, excluded_at=None)
    if not rows:
        return 0
    _stop_fetching(list(rows), rows, now)
    Movie.objects.filter(pk__in=list(rows.values())).update(
        excluded_at=now, excluded_by=_name(by)[:_BY_LENGTH], excluded_why=why[:_WHY_LENGTH],
        updated_at=now,
    )  # fmt: skip
    _tell(by, "exclude movies", list(rows), why, now)
    return len(rows)


def _purge(keys: Sequence[Key], by: Actor, why: str, now: dt.datetime) -> int:
    rows = _locked(keys)
    if not rows:
        return 0
    ids = list(rows.values())
    _stop_fetching(list(rows), rows, now)
    MovieFetch.objects.filter(movie_id__in=ids).update(movie=None)
    payloads = set(Movie.objects.filter(pk__in=ids).values_list("payload_id", flat=True))
    ImdbConflict.objects.filter(movie_id__in=ids).delete()
    ImdbConflict.objects.filter(other_movie_id__in=ids).delete()
    MovieRating.objects.filter(movie_id__in=ids).delete()
    FieldLock.objects.filter(table=LOCKED_TABLE, row__in=[str(pk) for pk in ids]).delete()
    Movie.objects.filter(pk__in=ids).delete()
    forget_payloads(payloads)
    _tell(by, "purge movies", list(rows), why, now)
    return len(rows)


def _restore(keys: Sequence[Key], by: Actor, why: str, now: dt.datetime) -> int:
    rows = _locked(keys, excluded_at__isnull=False)
    Movie.objects.filter(pk__in=list(rows.values())).update(
        excluded_at=None, excluded_by="", excluded_why="", updated_at=now
    )
    purged = {
        (media_type, number)
        for media_type in sorted({key[0] for key in keys})
        for number in purged_ids(media_type, [key[1] for key in keys if key[0] == media_type])
    }
    restored = [key for key in keys if key in rows or key in purged]
    for media_type in sorted({key[0] for key in restored}):
        wanted = {
            number: rows.get((kind, number)) for kind, number in restored if kind == media_type
        }
        ask_for(
            media_type, wanted, asked_by=AskedBy.OPERATOR, lane=Lane.OPERATOR, due_at=now,
            now=now, wake=True,
        )  # fmt: skip
    _tell(by, "restore movies", restored, why, now)
    return len(restored)


def _stop_fetching(keys: Sequence[Key], rows: dict[Key, int], now: dt.datetime) -> None:
    """Nothing is due of them; an answer that is on its way is nobody's any more."""
    for media_type in sorted({key[0] for key in keys}):
        held = {number: rows[kind, number] for kind, number in keys if kind == media_type}
        ask_for(
            media_type, held, asked_by=AskedBy.OPERATOR, lane=Lane.BACKFILL, due_at=None, now=now
        )
        MovieFetch.objects.filter(media_type=media_type, tmdb_id__in=list(held)).update(
            due_at=None, lease_token="", attempts=0, failure_kind="", error_group="",
            given_up_at=None, last_error="",
        )  # fmt: skip


def _locked(keys: Sequence[Key], **state: object) -> dict[Key, int]:
    """By key the rows in this state, locked in an order that all writers share."""
    movies = Movie.objects.select_for_update().filter(**state).order_by("id")
    return {
        (kind, number): pk
        for some in chunk(keys, IN_ONE_STATEMENT)
        for rows in of_keys(movies, some)
        for kind, number, pk in rows.values_list("media_type", "tmdb_id", "id")
    }


def _require_why(why: str) -> None:
    if not why.strip():
        raise OperatorError("A reason is missing.", "Say why, for the audit trail.")


def _name(by: Actor) -> str:
    return by if isinstance(by, str) else by.get_username()


def _named(keys: Sequence[Key]) -> str:
    told = ", ".join(f"{kind} {number}" for kind, number in keys[:3])
    return f"{told} and {len(keys) - 3} more" if len(keys) > 3 else told


def _tell(by: Actor, action: str, keys: list[Key], why: str, now: dt.datetime) -> None:
    if keys:
        details = {"movies": [f"{kind} {number}" for kind, number in keys]}
        audit.record(
            by, action, at=now, target=_named(keys), count=len(keys), why=why, details=details
        )
