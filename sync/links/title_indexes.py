"""The indexes of titles that only lists and searches need.

Titles come in the order of their ids, while an index by how they begin takes each at a place of
its own: the first import is several times as fast without them (measured). So they are taken off
an empty table and made behind its titles. Where a process is killed between, the next import
makes them; until then lists and searches are slow, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.schema.indexes import has_index, index_names, sql_if_missing
from sync.links.models import Title

log = logging.getLogger(__name__)
BY_BEGINNING = "titles_by_beginning"
_WORTH_IT = 1024 * 1024  # bytes of a file, packed: some 50,000 titles
_PATIENCE_SECONDS = 10  # for transactions that keep MariaDB's table from being changed
_COLUMNS = {  # `sync.links.finding` asks with `istartswith`: LIKE, on PostgreSQL of UPPER(…)
    "sqlite": '"primaryTitle" COLLATE NOCASE',
    "mysql": "`primaryTitle`(40)",  # in the column's own collation
    "postgresql": '(UPPER("primaryTitle"::text)) text_pattern_ops',
}


@contextmanager
def made_behind(where: str) -> Iterator[None]:
    """Inside, an empty table of titles gets those of this file without the indexes."""
    try:
        if _is_worth_it(where) and not Title.objects.exists():
            _take_off()
        yield
    finally:
        make()


def make() -> None:
    """Make what is missing; where that cannot be now, the next import will."""
    for index in Title._meta.indexes:
        _change(sql_if_missing(connection, Title, index))
    _change(beginnings_sql(connection, Title._meta.db_table))


def beginnings_sql(on: BaseDatabaseWrapper, table: str) -> str:
    """The statement that makes the index by how titles begin; empty where one serves."""
    columns, quoted = _COLUMNS.get(on.vendor, ""), on.ops.quote_name(table)
    # Only on MySQL would an owner's plain index on the column serve as well.
    is_served = on.vendor == "mysql" and has_index(on, table, ["primaryTitle"])
    if not columns or is_served or BY_BEGINNING in index_names(on, table):
        return ""
    return f"CREATE INDEX {BY_BEGINNING} ON {quoted} ({columns})"


def drop_sql(on: BaseDatabaseWrapper, table: str, name: str) -> str:
    """The statement that removes the index of this name; empty where there is none."""
    if name not in index_names(on, table):
        return ""
    return f"DROP INDEX {name}" + (
        f" ON {on.ops.quote_name(table)}" if on.vendor == "mysql" else ""
    )


def _take_off() -> None:
    for name in (*(each.name for each in Title._meta.indexes), BY_BEGINNING):
        _change(drop_sql(connection, Title._meta.db_table, name))


def _is_worth_it(where: str) -> bool:
    """MariaDB would commit what a caller has begun; of what comes by the net nobody knows."""
    path = Path(where)
    is_large = not path.exists() or path.stat().st_size >= _WORTH_IT
    return is_large and not connection.in_atomic_block


def _change(sql: str) -> None:
    if not sql:
        return
    with connection.cursor() as cursor:
        try:
            with _patience(cursor.execute):
                cursor.execute(sql)
        except DatabaseError as error:
            log.warning("an index of titles stays as it is: %s: %s", sql, error)


@contextmanager
def _patience(execute: Callable[[str], object]) -> Iterator[None]:
    if connection.vendor != "mysql":
        yield
        return
    execute("SET @usual = @@SESSION.lock_wait_timeout")
    execute(f"SET SESSION lock_wait_timeout = {_PATIENCE_SECONDS}")
    try:
        yield
    finally:
        execute("SET SESSION lock_wait_timeout = @usual")
