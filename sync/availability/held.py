"""Reading what a batch's rows hold: claimed ones, and what is known of them when it is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from popflix.engine.models import Lane
from sync.availability.asking import Asked, Held
from sync.availability.decide import State
from sync.availability.models import Availability
from sync.availability.types import ANYWHERE, Target
from sync.movies.models import Movie, StoredPayload, UpstreamState

_STATE = tuple(State.__dataclass_fields__)
_ASKED = (
    "pk", "movie_id", "movie__media_type", "movie__tmdb_id", "movie__imdb_id", "season", "episode",
    "lane", "attempts", "last_checked", "movie__fetched_at", "movie__payload_id",
    "movie__upstream_state", "movie__excluded_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claimed:
    """`asked` in the order they were claimed in; `unwanted` are rows of movies that are hidden,
    or that TMDB knows no more: nobody is asked about them."""

    asked: list[Asked]
    unwanted: list[int]


def read_asked(
    keys: Collection[int], token: str, *, fresh_since: dt.datetime | None = None
) -> Claimed:
    """With TMDB's record of the movie where it is younger than `fresh_since` and the last check.

    Who asks by hand is answered by the provider itself.
    """
    rows = {row["pk"]: row for row in Availability.objects.filter(pk__in=keys).values(*_ASKED)}
    wanted = {pk: row for pk, row in rows.items() if _is_wanted(row)}
    held = _payloads(row for row in wanted.values() if _spares(row, fresh_since))
    asked = [_asked(wanted[pk], token, held) for pk in keys if pk in wanted]
    return Claimed(asked, [pk for pk in rows if pk not in wanted])


def _is_wanted(row: dict[str, Any]) -> bool:
    is_live = row["movie__upstream_state"] == UpstreamState.LIVE
    return is_live and row["movie__excluded_at"] is None


def _spares(row: dict[str, Any], fresh_since: dt.datetime | None) -> bool:
    fetched, checked = row["movie__fetched_at"], row["last_checked"]
    if fresh_since is None or fetched is None or row["lane"] == Lane.OPERATOR:
        return False
    return bool(fetched >= fresh_since and (checked is None or fetched > checked))


def _payloads(rows: Iterable[dict[str, Any]]) -> dict[int, Held]:
    at = {row["movie__payload_id"]: row for row in rows if row["movie__payload_id"]}
    bodies = StoredPayload.objects.filter(pk__in=list(at)).values_list("pk", "body")
    return {at[pk]["pk"]: Held(bytes(body), at[pk]["movie__fetched_at"]) for pk, body in bodies}


def _asked(row: dict[str, Any], token: str, held: dict[int, Held]) -> Asked:
    target = Target(
        row["movie__media_type"], row["movie__tmdb_id"], row["movie__imdb_id"], row["season"],
        row["episode"],
    )  # fmt: skip
    pk = row["pk"]
    return Asked(pk, row["movie_id"], target, row["lane"], row["attempts"], token, held.get(pk))


def imdb_ids(media_type: str, tmdb_ids: Collection[int]) -> dict[int, str]:
    """Of those that are held."""
    movies = Movie.objects.filter(media_type=media_type, tmdb_id__in=list(tmdb_ids))
    return dict(movies.values_list("tmdb_id", "imdb_id"))


class Row(NamedTuple):
    """What a row holds; `state` is what is known."""

    id: int
    token: str
    lane: int
    attempts: int
    document: str | None
    state: State


Place = tuple[int, int, int, str]  # movie, season, episode, region


def lock_rows(asked: Collection[Asked]) -> dict[int, Row]:
    """The claimed rows, locked until the transaction ends."""
    rows = Availability.objects.select_for_update().filter(pk__in=[one.id for one in asked])
    columns = ("pk", "lease_token", "lane", "attempts", "document_id", *_STATE)
    return {
        pk: Row(pk, token, lane, attempts, document, State(*state))
        for pk, token, lane, attempts, document, *state in rows.order_by("pk").values_list(
            *columns
        )
    }


def region_rows(
    provider_id: int, movie_ids: Collection[int], regions: Collection[str]
) -> dict[Place, State]:
    """What is known in these regions: only who holds the claimed row writes beside it."""
    if not regions:
        return {}
    rows = Availability.objects.filter(
        provider_id=provider_id, movie_id__in=movie_ids, region__in=list(regions)
    ).exclude(region=ANYWHERE)
    read = rows.values_list("movie_id", "season", "episode", "region", *_STATE)
    return {
        (movie, season, episode, region): State(*state)
        for movie, season, episode, region, *state in read
    }
