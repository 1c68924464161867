"""The rows that are checked: which there are, and making those that are missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Exists, F, Max, OuterRef, QuerySet
from django.db.models.constants import OnConflict

from popflix.engine.models import Lane
from popflix.lib.locks import again_when_locked
from sync.availability.due import MOST_POINTS, SECONDS_A_POINT
from sync.availability.models import Availability, Provider
from sync.availability.types import ANYWHERE, ProviderConfig
from sync.movies.models import Movie, UpstreamState

MOVIES_A_SLICE = 20_000  # 0.1 to 0.3 s
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Write = Callable[[Callable[[], int]], int]  # in a transaction of its own, under the run's fence

# `first_check` of `due` in each database's words; {microseconds} is now, {early} a number of them.
_FIRST_CHECK = {
    "sqlite": "(strftime('%%Y-%%m-%%d %%H:%%M:%%S', ({microseconds} - {early}) / 1000000,"
    " 'unixepoch') || printf('.%%06d', ({microseconds} - {early}) %% 1000000))",
    "mysql": "(TIMESTAMP'{now}' - INTERVAL {early} MICROSECOND)",
    "postgresql": "(TIMESTAMPTZ '{now}+00' - {early} * INTERVAL '1 microsecond')",
}
_LEAST = {"sqlite": "MIN", "mysql": "LEAST", "postgresql": "LEAST"}
_MOST = {"sqlite": "MAX", "mysql": "GREATEST", "postgresql": "GREATEST"}
_WHOLE = {"sqlite": "INTEGER", "mysql": "SIGNED", "postgresql": "BIGINT"}


def provider_row(config: ProviderConfig, now: dt.datetime) -> Provider:
    """The provider's row, made where it is not there; its kind follows the setting."""
    row, is_new = Provider.objects.get_or_create(
        name=config.name, defaults={"kind": config.kind.value, "first_seen_at": now}
    )
    if not is_new and row.kind != config.kind.value:
        row.kind = config.kind.value
        row.save(update_fields=["kind"])
    return row


def checkable(media_types: Collection[str]) -> QuerySet[Movie]:
    """Movies that a provider is asked about."""
    return Movie.objects.filter(
        media_type__in=list(media_types), upstream_state=UpstreamState.LIVE, excluded_at=None
    )


def checked_rows(provider_id: int) -> QuerySet[Availability]:
    """Of one provider those that are checked: all but the rows of single regions."""
    return Availability.objects.filter(provider_id=provider_id, region=ANYWHERE)


def of_provider(rows: QuerySet[Any], provider: object) -> QuerySet[Any]:
    """Those of a provider (its key, or a subquery of it), by any index but its own.

    The index of failures does not begin with the provider, and finds few among a million.
    """
    found: QuerySet[Any] = rows.annotate(owner=F("provider_id") + 0).filter(owner=provider)
    return found


def due_rows(provider_id: int, now: dt.datetime) -> QuerySet[Availability]:
    """What a claim would take, by the index that it takes it from."""
    rows = Availability.objects.filter(provider_id=provider_id, lane__in=Lane.values)
    return rows.filter(due_at__lte=now)


def missing(config: ProviderConfig, provider_id: int | None) -> QuerySet[Movie]:
    """Movies that are to be checked there and have no row yet."""
    movies = checkable(config.media_types)
    if provider_id is None:  # it was never asked
        return movies
    rows = Availability.objects.filter(
        movie_id=OuterRef("pk"), provider_id=provider_id, region=ANYWHERE, season=0, episode=0
    )
    return movies.filter(~Exists(rows))


def make_rows(config: ProviderConfig, provider_id: int, now: dt.datetime, write: Write) -> int:
    """Give each movie that has none its row, due at once; returns how many were made.

    A slice of movies in each transaction. Several processes may do it at once.
    """
    statement, params = _insert(config, provider_id, now)
    last = Movie.objects.aggregate(last=Max("pk"))["last"] or 0
    count = 0
    for low in range(0, last, MOVIES_A_SLICE):
        bounds = [low, low + MOVIES_A_SLICE]
        count += again_when_locked(partial(write, partial(_run, statement, [*params, *bounds])))
    return count


def _insert(config: ProviderConfig, provider_id: int, now: dt.datetime) -> tuple[str, list[Any]]:
    ops, quote = connection.ops, connection.ops.quote_name
    chosen = {"movie_id": "m.id", "due_at": _first_check_sql(now)}
    others = {name: value for name, value in _new_row(provider_id).items() if name not in chosen}
    names = ", ".join(map(quote, [*chosen, *others]))
    values = ", ".join([*chosen.values(), *["%s"] * len(others)])
    mine, movies = quote(Availability._meta.db_table), quote(Movie._meta.db_table)
    types = ", ".join(["%s"] * len(config.media_types))
    statement = (
        f"{ops.insert_statement(on_conflict=OnConflict.IGNORE)} {mine} ({names}) SELECT {values} "
        f"FROM {movies} m WHERE m.media_type IN ({types}) AND m.upstream_state = %s "
        f"AND m.excluded_at IS NULL AND m.id > %s AND m.id <= %s AND NOT EXISTS ("
        f"SELECT 1 FROM {mine} a WHERE a.movie_id = m.id AND a.provider_id = {provider_id:d} "
        f"AND a.region = '' AND a.season = 0 AND a.episode = 0) "
        f"{ops.on_conflict_suffix_sql(['movie_id'], OnConflict.IGNORE, [], [])}"
    )
    return statement, [*others.values(), *config.media_types, UpstreamState.LIVE.value]


def _first_check_sql(now: dt.datetime) -> str:
    vendor = connection.vendor
    points = f"{_LEAST[vendor]}({_MOST[vendor]}(COALESCE(m.popularity, 0), 0), {MOST_POINTS})"
    return _FIRST_CHECK[vendor].format(
        now=now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        microseconds=(now - _EPOCH) // dt.timedelta(microseconds=1),
        # One more: SQLite compares text, and a whole second that is written with its microseconds
        # would come after itself.
        early=f"(CAST({points} * {SECONDS_A_POINT * 1_000_000} AS {_WHOLE[vendor]}) + 1)",
    )


def _new_row(provider_id: int) -> dict[str, Any]:
    """What Django would store in each column of a new row."""
    row = Availability(provider_id=provider_id, lane=Lane.BACKFILL)
    return {
        str(field.column): field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field in Availability._meta.concrete_fields
        if not field.primary_key
    }


def _run(sql: str, params: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return max(0, int(cursor.rowcount))
