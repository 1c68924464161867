"""Giving every title its links and its work: set-based, whoever filled the tables before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Model

from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from popflix.lib.bulk import transaction
from popflix.lib.locks import again_when_locked
from sync.links.models import Enrichment, MediaLinks, ProcessedStatus, Title, TitleRating
from sync.links.wish import STALE_DAYS

_KEYS_A_SLICE = 500
_ROWS_A_SLICE = 20_000  # 0.1 to 0.3 s
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class _Dialect:
    """How a database computes instants: `due` is now less a number of microseconds, `refresh`
    a column plus a number of days; `tail` leaves the row that another process inserted meanwhile.
    """

    due: str
    refresh: str
    tail: str = "ON CONFLICT DO NOTHING"


_DIALECTS = {
    # SQLite's own functions know milliseconds only; its column holds text as Django writes it.
    "sqlite": _Dialect(
        due="(strftime('%%Y-%%m-%%d %%H:%%M:%%S', ({microseconds} - {votes}) / 1000000,"
        " 'unixepoch') || printf('.%%06d', ({microseconds} - {votes}) %% 1000000))",
        refresh="strftime('%%Y-%%m-%%d %%H:%%M:%%f', {column}, '+{days} days')",
    ),
    "mysql": _Dialect(
        due="(TIMESTAMP'{now}' - INTERVAL {votes} MICROSECOND)",
        refresh="({column} + INTERVAL {days} DAY)",
        tail="ON DUPLICATE KEY UPDATE {key} = {key}",
    ),
    "postgresql": _Dialect(
        due="(TIMESTAMPTZ '{now}+00' - {votes} * INTERVAL '1 microsecond')",
        refresh="({column} + INTERVAL '{days} days')",
    ),
}


@dataclass(frozen=True)
class _Named:
    """A table and its key, quoted."""

    table: str
    key: str

    @classmethod
    def of(cls, model: type[Model]) -> _Named:
        quote, key = connection.ops.quote_name, model._meta.pk
        return cls(quote(model._meta.db_table), quote(str(getattr(key, "column", ""))))


def ensure_links(
    types: Collection[str],
    now: dt.datetime,
    stale_days: int = STALE_DAYS,
    *,
    stop: Callable[[], bool] = lambda: False,
    keys: Sequence[str] | None = None,
) -> int:
    """Add what is missing and return how many titles became work.

    Titles of these types without links get a PENDING row. Links without work get it: due at
    once, or where they hold an answer (SUCCESS) `stale_days` after it. What is there stays
    untouched, `last_updated` too. Several processes may do this at once. `stop` is asked between
    two slices; called again it adds the rest. With `keys` only these titles are looked at.
    """
    _insert_links(list(types), stop, keys)
    return _insert_work(now, stale_days, stop, keys)


def _insert_links(
    types: Sequence[str], stop: Callable[[], bool], keys: Sequence[str] | None
) -> None:
    if not types:
        return
    links, titles = _Named.of(MediaLinks), _Named.of(Title)
    select = (
        f"INSERT INTO {links.table} ({links.key}, {_column(MediaLinks, 'processed_status')}) "
        f"SELECT t.{titles.key}, %s FROM {titles.table} t "
        f"LEFT JOIN {links.table} m ON m.{links.key} = t.{titles.key} "
        f"WHERE m.{links.key} IS NULL "
        f"AND t.{_column(Title, 'title_type')} IN ({', '.join(['%s'] * len(types))})"
    )
    params = [ProcessedStatus.PENDING.value, *types]
    _slice_by_slice(select, params, source=titles, alias="t", target=links, stop=stop, keys=keys)


def _insert_work(
    now: dt.datetime, stale_days: int, stop: Callable[[], bool], keys: Sequence[str] | None
) -> int:
    work, links, ratings = map(_Named.of, (Enrichment, MediaLinks, TitleRating))
    chosen = {work.key: f"m.{links.key}", _column(Enrichment, "due_at"): _due(now, stale_days)}
    others = {name: value for name, value in _new_row().items() if name not in chosen}
    select = (
        f"INSERT INTO {work.table} ({', '.join([*chosen, *others])}) "
        f"SELECT {', '.join([*chosen.values(), *['%s'] * len(others)])} "
        f"FROM {links.table} m LEFT JOIN {work.table} e ON e.{work.key} = m.{links.key} "
        f"LEFT JOIN {ratings.table} r ON r.{ratings.key} = m.{links.key} "
        f"WHERE e.{work.key} IS NULL"
    )
    params = list(others.values())
    return _slice_by_slice(
        select, params, source=links, alias="m", target=work, stop=stop, keys=keys
    )


def _due(now: dt.datetime, stale_days: int) -> str:
    """SQL for the instant at which a link's work is due.

    Workers take what has been due longest. Each vote makes a title due a microsecond earlier:
    the most voted ones come first, by at most seconds (IMDb counts some three million votes), and
    never before rows that an earlier import made due.
    """
    dialect = _DIALECTS[connection.vendor]
    due = dialect.due.format(
        now=now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        microseconds=(now - _EPOCH) // dt.timedelta(microseconds=1),
        votes=f"COALESCE(r.{_column(TitleRating, 'num_votes')}, 0)",
    )
    answered = f"m.{_column(MediaLinks, 'last_updated')}"
    refresh = dialect.refresh.format(column=answered, days=int(stale_days))
    return (
        f"CASE WHEN m.{_column(MediaLinks, 'processed_status')} = '{ProcessedStatus.SUCCESS}' "
        f"THEN COALESCE({refresh}, {due}) ELSE {due} END"
    )


def _new_row() -> dict[str, Any]:
    """What Django would store in each column of a new row."""
    row = Enrichment(lane=Lane.BACKFILL)
    return {
        connection.ops.quote_name(str(field.column)): field.get_db_prep_save(
            field.pre_save(row, add=True), connection
        )
        for field in Enrichment._meta.concrete_fields
    }


def _slice_by_slice(
    select: str,
    params: Sequence[Any],
    *,
    source: _Named,
    alias: str,
    target: _Named,
    stop: Callable[[], bool],
    keys: Sequence[str] | None,
) -> int:
    """Run an INSERT…SELECT over the keys of `source`, its `alias` in it, a range at a time.

    One transaction each: on SQLite others wait for it.
    """
    tail = _DIALECTS[connection.vendor].tail.format(key=f"{target.table}.{target.key}")
    key = f"{alias}.{source.key}"
    count = 0
    for bounds, limits in _ranges(source, key) if keys is None else _of_keys(keys, key):
        if stop():
            break
        values = [*params, *limits]
        count += again_when_locked(partial(_run, f"{select} AND {bounds} {tail}", values))
    return count


def _run(sql: str, params: Sequence[Any]) -> int:
    with transaction(connection), connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def _of_keys(keys: Sequence[str], key: str) -> Iterator[tuple[str, list[str]]]:
    for some in chunk(keys, _KEYS_A_SLICE):
        yield f"{key} IN ({', '.join(['%s'] * len(some))})", some


def _ranges(source: _Named, key: str) -> Iterator[tuple[str, list[str]]]:
    """Conditions of one slice of rows each: above one key, up to and with another."""
    sql = (
        f"SELECT {source.key} FROM {source.table} WHERE {source.key} > %s "
        f"ORDER BY {source.key} LIMIT 1 OFFSET {_ROWS_A_SLICE - 1}"
    )
    high = ""
    while True:
        low = high
        with connection.cursor() as cursor:
            cursor.execute(sql, [low])
            row = cursor.fetchone()
        if row is None:
            yield f"{key} > %s", [low]
            return
        high = str(row[0])
        yield f"{key} > %s AND {key} <= %s", [low, high]


def _column(model: type[Model], field: str) -> str:
    return connection.ops.quote_name(str(getattr(model._meta.get_field(field), "column", "")))
