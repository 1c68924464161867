"""MariaDB and MySQL: LOAD DATA LOCAL on a connection of its own, executemany where refused."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from typing import Any

from django.db import DataError, IntegrityError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from popflix.lib.bulk.rows import Batch
from popflix.lib.bulk.statements import Statements
from popflix.lib.bulk.writers import A, Prepared, Refused

# What servers and clients answer that do not allow LOAD DATA LOCAL: not this command, client's
# refusal, loading disabled (MySQL 8), server or client disabled it (MariaDB).
_NO_LOCAL_INFILE = {1148, 2068, 3948, 3950, 4166}
_MOST_WARNINGS = 65535
_AT_ROW = re.compile(r"at row (\d+)")


class MysqlWriter:
    """Writes a batch's lines to a temporary file while the server loads the one before.

    The site's own connections do not allow LOCAL INFILE (a server could ask for any file), so
    there is one that does, for as long as the writer lives.
    """

    def __init__(self, connection: BaseDatabaseWrapper, statements: Statements) -> None:
        self._sql = statements
        self._key_index = statements.target.key_index
        self._is_own = not connection.in_atomic_block
        self._infile = self._is_own
        self.connection = _with_local_infile(connection) if self._is_own else connection
        try:
            self._set_up()
        except BaseException:
            self._close_own()
            raise

    @property
    def overlaps(self) -> bool:
        return self._infile

    @property
    def way(self) -> str:
        return "LOAD DATA LOCAL" if self._infile else "INSERT of many rows"

    def prepare(self, batch: A) -> Prepared[A]:
        prepared = Prepared(batch)
        if self._infile:
            with contextlib.ExitStack() as stack:
                prepared.file = stack.enter_context(tempfile.TemporaryFile())
                self._count(prepared, write=prepared.file.write)
                prepared.file.flush()
                stack.pop_all()  # from here on `prepared` closes it
        return prepared

    def insert(self, prepared: Prepared[Batch]) -> None:
        self._fill(self._sql.table, prepared)

    def stage(self, prepared: Prepared[Batch]) -> None:
        self.run(f"DELETE FROM {self._sql.stage}")
        self._fill(self._sql.stage, prepared)

    def run(self, sql: str) -> int:
        with self._errors(), self._cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.fetchone()[0]) if cursor.description else int(cursor.rowcount)

    def close(self) -> None:
        if not self._is_own:
            self.run(f"DROP TEMPORARY TABLE {self._sql.stage}")
        self._close_own()

    def _close_own(self) -> None:
        if self._is_own:
            self.connection.close()

    def _set_up(self) -> None:
        self.run(f"DROP TEMPORARY TABLE IF EXISTS {self._sql.stage}")
        engine = ""
        if self._is_own:
            self.run(f"SET SESSION max_error_count = {_MOST_WARNINGS}")
            # Strictness for transactions alone puts 0 for NULL into a table that knows none.
            self.run("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
            if self._is_mariadb():
                # It keeps no undo log: a third faster to fill (measured).
                engine = "ENGINE=Aria TRANSACTIONAL=0"
        self.run(self._sql.create_stage(engine))

    def _is_mariadb(self) -> bool:
        return bool(getattr(self.connection, "mysql_is_mariadb", False))

    def _fill(self, table: str, prepared: Prepared[Batch]) -> None:
        if prepared.file is not None:
            try:
                self._load_file(table, prepared.file)
            except OperationalError as error:
                if error.args[0] not in _NO_LOCAL_INFILE:
                    raise
                self._infile = False
                prepared.close()
            else:
                return
        self._insert_many(table, prepared)

    def _load_file(self, table: str, file: Any) -> None:
        """LOCAL makes of errors warnings and of bad values others: any warning refuses all."""
        file.seek(0)
        with self._cursor() as cursor:
            # By its descriptor: the file has no name, so that a kill leaves nothing behind.
            cursor.execute(
                f"LOAD DATA LOCAL INFILE '/dev/fd/{file.fileno()}' INTO TABLE {table} "
                "CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' "
                f"LINES TERMINATED BY '\\n' ({self._sql.columns})"
            )
            cursor.execute("SHOW WARNINGS")
            warnings = [(code, text) for level, code, text in cursor.fetchall() if level != "Note"]
        if warnings:
            found = {int(at[1]) - 1: text for _, text in warnings if (at := _AT_ROW.search(text))}
            raise Refused(warnings[0][1], found)

    def _insert_many(self, table: str, prepared: Prepared[Batch]) -> None:
        sql = self._sql.insert_values(table, "%s")
        with self._errors(), self._cursor() as cursor:
            self._count(prepared)
            for chunk in prepared.batch.chunks():
                rows: list[Any] = list(chunk.rows())
                cursor.executemany(sql, rows)

    def _count(self, prepared: Prepared[Batch], write: Any = None) -> None:
        prepared.count, prepared.keys = 0, set()
        for chunk in prepared.batch.chunks():
            if write is not None:
                write(chunk.tsv())
            prepared.count += len(chunk)
            prepared.keys.update(chunk.columns[self._key_index])

    def _cursor(self) -> CursorWrapper:
        """Django's cursor without DEBUG's log of statements, which would keep every row."""
        self.connection.ensure_connection()
        return CursorWrapper(self.connection.create_cursor(), self.connection)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (DataError, IntegrityError) as error:
            raise Refused(str(error.args[-1])) from error


def _with_local_infile(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    own = connection.copy()
    options = {**own.settings_dict["OPTIONS"], "local_infile": True}
    own.settings_dict = {**own.settings_dict, "OPTIONS": options}
    return own
