"""PostgreSQL: COPY on the caller's own connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DataError, IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from popflix.lib.bulk.rows import Batch
from popflix.lib.bulk.statements import Statements
from popflix.lib.bulk.writers import A, Prepared, Refused


class PostgresWriter:
    overlaps = False  # COPY is fed while the rows are made
    way = "COPY"

    def __init__(self, connection: BaseDatabaseWrapper, statements: Statements) -> None:
        self.connection = connection
        self._sql = statements
        self._key_index = statements.target.key_index
        self.run(f"DROP TABLE IF EXISTS pg_temp.{statements.stage}")
        self.run(statements.create_stage())

    def prepare(self, batch: A) -> Prepared[A]:
        return Prepared(batch)

    def insert(self, prepared: Prepared[Batch]) -> None:
        self._fill(self._sql.table, prepared)

    def stage(self, prepared: Prepared[Batch]) -> None:
        self.run(f"TRUNCATE {self._sql.stage}")
        self._fill(self._sql.stage, prepared)

    def run(self, sql: str) -> int:
        with self._errors(), self._cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.fetchone()[0]) if cursor.description else int(cursor.rowcount)

    def close(self) -> None:
        self.run(f"DROP TABLE pg_temp.{self._sql.stage}")

    def _fill(self, table: str, prepared: Prepared[Batch]) -> None:
        prepared.count, prepared.keys = 0, set()
        sql = f"COPY {table} ({self._sql.columns}) FROM STDIN"
        with self._errors(), self._cursor() as cursor, self._copy(cursor, sql) as copy:
            for chunk in prepared.batch.chunks():
                copy.write(chunk.tsv())
                prepared.count += len(chunk)
                prepared.keys.update(chunk.columns[self._key_index])

    def _copy(self, cursor: CursorWrapper, sql: str) -> Any:
        return cursor.cursor.copy(sql)

    def _cursor(self) -> CursorWrapper:
        return CursorWrapper(self.connection.create_cursor(), self.connection)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with self.connection.wrap_database_errors:
                yield
        except (DataError, IntegrityError) as error:
            raise Refused(str(error).partition("\n")[0]) from error
