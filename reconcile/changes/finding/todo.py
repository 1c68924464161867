"""Where staging and master differ, found by the database in one join.

    SyncShow ⟕ MasterShow on the key → reconcile_todo (staging's id, master's id, what it is)

The table is temporary: nothing that lasts is written, and nothing passes through Python but what
differs. Missing shows are looked for only where the counts say that there must be some.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection

from popflix.lib.batches import chunk
from reconcile.changes.finding.comparing import MASTER_TABLE, SYNC_TABLE, Comparing, column
from reconcile.changes.finding.counting import Staging
from reconcile.changes.finding.scope import Scope, Window
from reconcile.feed.models import Cinema

TODO = "reconcile_todo"
IDS_A_STATEMENT = 900


class Kind(StrEnum):
    """What a staged row is to master, where it is not simply the same."""

    NEW = "new"
    OTHER = "other"  # the same key, other values
    BACK = "back"  # was missing
    SEEN = "seen"  # the same, absent from the load before: its count begins anew


@dataclass
class Todo:
    """`rows` counts the todo by cinema and kind, `staged` all rows of staging that are judged.

    `same` of these are as master has them; `absent` are master's rows that are covered, to come,
    and not staged.
    """

    staged: int = 0
    rows: Mapping[int, Mapping[Kind, int]] = field(default_factory=dict)
    absent: Mapping[int, int] = field(default_factory=dict)

    @property
    def same(self) -> int:
        differing = (Kind.NEW, Kind.OTHER, Kind.BACK)
        return self.staged - sum(
            of.get(kind, 0) for of in self.rows.values() for kind in differing
        )

    @property
    def cinemas(self) -> list[int]:
        return sorted({*self.rows, *self.absent})

    def size(self, cinema_id: int) -> int:
        return sum(self.rows.get(cinema_id, {}).values()) + self.absent.get(cinema_id, 0)


@contextmanager
def find_todo(scope: Scope) -> Iterator[Todo]:
    """What differs; its rows stand in the temporary table for as long as the block lasts."""
    drop = f"DROP {'TEMPORARY ' if connection.vendor == 'mysql' else ''}TABLE IF EXISTS {TODO}"
    staging = Staging(scope)
    with connection.cursor() as cursor:
        cursor.execute(drop)
        _fill(cursor, scope, staging)
    try:
        yield _count(scope, staging)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(drop)


def _fill(cursor: Any, scope: Scope, staging: Staging) -> None:
    comparing = Comparing()
    differs = comparing.differs()
    cinemas, given = staging.condition()
    cursor.execute(
        f"CREATE TEMPORARY TABLE {TODO} AS "
        "SELECT s.id AS sync_id, m.id AS master_id, "
        f"s.{column('cinema_id')} AS cinema_id, "
        f"CASE WHEN s.{column('show_time')} >= %s THEN 1 ELSE 0 END AS to_come, "
        f"CASE WHEN m.id IS NULL THEN '{Kind.NEW}' "
        f"WHEN m.missing_since IS NOT NULL THEN '{Kind.BACK}' "
        f"WHEN {differs} THEN '{Kind.OTHER}' ELSE '{Kind.SEEN}' END AS kind, "
        "CASE WHEN m.missing_since IS NULL AND m.missing_loads IS NOT NULL THEN 1 ELSE 0 END "
        "AS is_counted "
        f"FROM {_quoted(SYNC_TABLE)} s "
        f"LEFT JOIN {_quoted(MASTER_TABLE)} m ON {comparing.same_key()} "
        f"WHERE {cinemas} AND (m.id IS NULL OR {differs} "
        "OR m.missing_since IS NOT NULL OR m.missing_loads IS NOT NULL)",
        [_instant(scope.now), *given],
    )


def _count(scope: Scope, staging: Staging) -> Todo:
    rows: dict[int, dict[Kind, int]] = {}
    unmatched = 0  # staged shows to come that are no counterpart of one that master has
    for cinema_id, kind, count, to_come in _select(
        f"SELECT cinema_id, kind, COUNT(*), SUM(to_come) FROM {TODO} GROUP BY cinema_id, kind"
    ):
        rows.setdefault(cinema_id, {})[Kind(kind)] = int(count)
        unmatched += int(to_come) if kind in (Kind.NEW, Kind.BACK) else 0
    counted = staging.count()
    todo = Todo(counted.staged, rows)
    if _expected(scope) != counted.to_come - unmatched:
        todo.absent = _absent_by_cinema(scope)
    return todo


def _expected(scope: Scope) -> int:
    """How many shows to come of master the load covers, but for those that are missing already."""
    covered: list[str] = []
    given: list[Any] = []
    for window in scope.windows:
        cinemas = ", ".join(map(str, window.cinemas))
        if scope.is_whole and len(scope.windows) == 1:  # spares a long list
            cinemas = f"SELECT c.id FROM {_quoted(Cinema._meta.db_table)} c WHERE c.source = %s"
            given.append(scope.source)
        moment = f"m.{column('show_time')}"
        covered.append(
            f"(m.{column('cinema_id')} IN ({cinemas}) AND {moment} >= %s AND {moment} < %s)"
        )
        given += [_instant(window.since), _instant(window.until)]
    [(count,)] = _select(
        f"SELECT COUNT(*) FROM {_quoted(MASTER_TABLE)} m "
        f"WHERE {_is_there()} AND ({' OR '.join(covered) or '1 = 0'})",
        given,
    )
    return int(count)


def _is_there() -> str:
    """True of nearly all rows; SQLite would read them by the index of this very column."""
    return f"{'+' * (connection.vendor == 'sqlite')}m.missing_since IS NULL"


def absent_ids(scope: Scope, cinemas: Sequence[int]) -> list[int]:
    """Of these cinemas the ids of master's rows that are expected and not staged."""
    sql, given = _absent(scope.windows, "m.id", cinemas)
    return [pk for (pk,) in _select(f"{sql} ORDER BY m.id", given)]


def passed_shows(scope: Scope, cinemas: Sequence[int]) -> dict[int, list[dt.datetime]]:
    """Of these cinemas the covered shows of master that have begun and are not staged."""
    chosen = f"m.{column('cinema_id')}, m.{column('show_time')}"
    sql, given = _absent(scope.passed, chosen, cinemas)
    found: dict[int, list[dt.datetime]] = {}
    for cinema_id, moment in _select(sql, given):
        found.setdefault(cinema_id, []).append(instant_of(moment))
    return found


def _absent_by_cinema(scope: Scope) -> dict[int, int]:
    cinema = f"m.{column('cinema_id')}"
    sql, given = _absent(scope.windows, f"{cinema}, COUNT(*)")
    return dict(_select(f"{sql} GROUP BY {cinema}", given))


def _absent(
    windows: Sequence[Window], chosen: str, cinemas: Sequence[int] = ()
) -> tuple[str, list[Any]]:
    covered, given = [], []
    for window in windows:
        some = sorted({*window.cinemas} & {*cinemas}) if cinemas else window.cinemas
        if not some:
            continue
        covered.append(
            f"(m.{column('cinema_id')} IN ({', '.join(map(str, some))}) "
            f"AND m.{column('show_time')} >= %s AND m.{column('show_time')} < %s)"
        )
        given += [_instant(window.since), _instant(window.until)]
    return (
        f"SELECT {chosen} FROM {_quoted(MASTER_TABLE)} m "
        f"WHERE {_is_there()} AND ({' OR '.join(covered) or '1 = 0'}) "
        f"AND NOT EXISTS (SELECT 1 FROM {_quoted(SYNC_TABLE)} s "
        f"WHERE {Comparing().same_key()})",
        given,
    )


def _select(sql: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(given))
        return list(cursor.fetchall())


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)


def _instant(moment: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def instant_of(value: Any) -> dt.datetime:
    """What a cursor gives for an instant: SQLite's is a text, MariaDB's has no zone."""
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment


def ids_in_chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    """Statements name ids: a subquery in their place reads all of master for each (MariaDB)."""
    return chunk(ids, IDS_A_STATEMENT)
