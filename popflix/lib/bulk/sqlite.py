"""SQLite: many-row INSERTs of tuples on the caller's own connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DataError, IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.bulk.rows import Batch, Chunk
from popflix.lib.bulk.statements import Statements
from popflix.lib.bulk.writers import A, Prepared, Refused

_MOST_PARAMETERS = 900  # 999 is the limit of old builds
_MOST_ROWS = 100  # measured: fewer steps are 20 % faster than executemany, more gain nothing
_MODEST_CACHE_KIB = 8192
_MOST_PAGES_OF_LOG = 8000  # 32 MB beside the file


@contextmanager
def modest_cache(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Keep SQLite's page cache small meanwhile; other databases have it in the server.

    Files sorted by key touch few pages, so it costs nothing, and the memory an import takes does
    not grow with the file up to the large cache that the site's pages enjoy.
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    raw: sqlite3.Connection = connection.connection
    usual = int(raw.execute("PRAGMA cache_size").fetchone()[0])
    often = int(raw.execute("PRAGMA wal_autocheckpoint").fetchone()[0])
    raw.execute(f"PRAGMA cache_size = -{_MODEST_CACHE_KIB}")
    raw.execute(f"PRAGMA wal_autocheckpoint = {_MOST_PAGES_OF_LOG}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA cache_size = {usual}")
        raw.execute(f"PRAGMA wal_autocheckpoint = {often}")


class SqliteWriter:
    """Goes past Django's cursor, which rewrites the placeholders of each statement anew."""

    overlaps = False  # SQLite works in this process; a second thread gains nothing (measured)
    way = "INSERT of many rows"

    def __init__(self, connection: BaseDatabaseWrapper, statements: Statements) -> None:
        self.connection = connection
        self._sql = statements
        self._raw: sqlite3.Connection = connection.connection
        self._rows = max(1, min(_MOST_ROWS, _MOST_PARAMETERS // len(statements.target.columns)))
        self._key_index = statements.target.key_index
        self._raw.execute(f"DROP TABLE IF EXISTS temp.{statements.stage}")
        self._raw.execute(statements.create_stage())

    def prepare(self, batch: A) -> Prepared[A]:
        return Prepared(batch)

    def insert(self, prepared: Prepared[Batch]) -> None:
        self._fill(self._sql.table, prepared)

    def stage(self, prepared: Prepared[Batch]) -> None:
        self._raw.execute(f"DELETE FROM {self._sql.stage}")
        self._fill(self._sql.stage, prepared)

    def run(self, sql: str) -> int:
        with self._errors():
            cursor = self._raw.execute(sql)
            row = cursor.fetchone()
            return int(row[0]) if row is not None else cursor.rowcount

    def close(self) -> None:
        self._raw.execute(f"DROP TABLE temp.{self._sql.stage}")

    def _fill(self, table: str, prepared: Prepared[Batch]) -> None:
        many = self._sql.insert_values(table, "?", self._rows)
        one = self._sql.insert_values(table, "?")
        prepared.count, prepared.keys = 0, set()
        with self._errors():
            for chunk in prepared.batch.chunks():
                self._write(many, one, chunk)
                prepared.count += len(chunk)
                prepared.keys.update(chunk.columns[self._key_index])

    def _write(self, many: str, one: str, chunk: Chunk) -> None:
        values, width = chunk.flat(), len(chunk.columns)
        step, whole = width * self._rows, len(chunk) // self._rows
        for start in range(0, whole * step, step):
            self._raw.execute(many, values[start : start + step])
        self._raw.executemany(one, _rows(values[whole * step :], width))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with self.connection.wrap_database_errors:
                yield
        except (DataError, IntegrityError, OverflowError) as error:
            raise Refused(str(error)) from error


def _rows(values: Sequence[object], width: int) -> Iterator[tuple[object, ...]]:
    return zip(*[iter(values)] * width, strict=True)
