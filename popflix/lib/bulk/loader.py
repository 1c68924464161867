"""Loading batches into one table: straight while it is empty, else by difference."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.bulk.ahead import ahead
from popflix.lib.bulk.mysql import MysqlWriter
from popflix.lib.bulk.postgres import PostgresWriter
from popflix.lib.bulk.rows import (
    Batch,
    Loaded,
    Refusal,
    Row,
    Target,
    as_batch,
    numbered_rows,
    waves,
)
from popflix.lib.bulk.sqlite import SqliteWriter
from popflix.lib.bulk.statements import Statements
from popflix.lib.bulk.transactions import transaction
from popflix.lib.bulk.writers import A, Prepared, Refused, Writer
from popflix.lib.locks import again_when_locked

_WRITERS: dict[str, Callable[[BaseDatabaseWrapper, Statements], Writer]] = {
    "mysql": MysqlWriter,
    "postgresql": PostgresWriter,
    "sqlite": SqliteWriter,
}


class Loader:
    """Writes batches, one transaction each; a row the database refuses costs only itself.

    With `keep` False every batch is rolled back after it was counted.
    """

    def __init__(self, target: Target, writer: Writer, statements: Statements, *, keep: bool):
        self.target = target
        self._writer = writer
        self._sql = statements
        self._keep = keep
        # An empty table needs no comparison. Rows with a parent are joined with it: no short cut.
        self._straight = target.parent is None and bool(writer.run(statements.is_empty))

    @property
    def way(self) -> str:
        """How rows are written, for the report."""
        return self._writer.way

    def prepared(self, batches: Iterable[A]) -> Generator[Prepared[A], None, None]:
        """What `load` takes, made in a thread where two cores help; close it on leaving early."""
        made = (self._writer.prepare(batch) for batch in batches)
        with closing(ahead(made, 1, Prepared.close) if self._writer.overlaps else made) as several:
            for each in several:
                with closing(each):
                    yield each

    def load(self, prepared: Prepared[Batch]) -> Loaded:
        """Write one batch: all its rows but the refused ones, the last row of a key winning."""
        if not self._straight:
            return self._merge_all(prepared)
        try:
            return again_when_locked(lambda: self._insert(prepared))
        except Refused:
            # A repeated key, another process's rows, or a bad value: the merge finds out which.
            loaded = self._merge_all(prepared)
            self._straight = loaded.updated == loaded.unchanged == 0
            return loaded

    def _merge_all(self, prepared: Prepared[Batch]) -> Loaded:
        try:
            return again_when_locked(lambda: self._merge(prepared))
        except _RepeatedKeys:
            parts = waves(numbered_rows(prepared.batch), self.target.key_index)
            return self._total(self._load_rows(part) for part in parts)
        except Refused as refused:
            return self._without(refused, numbered_rows(prepared.batch))

    def _insert(self, prepared: Prepared[Batch]) -> Loaded:
        with transaction(self._writer.connection, keep=self._keep):
            self._writer.insert(prepared)
        return Loaded(inserted=prepared.count)

    def _merge(self, prepared: Prepared[Batch]) -> Loaded:
        run, sql = self._writer.run, self._sql
        with transaction(self._writer.connection, keep=self._keep):
            self._writer.stage(prepared)
            if prepared.has_repeated_keys:
                raise _RepeatedKeys
            orphans = run(sql.drop_orphans) if sql.drop_orphans else 0
            # In this order a row that another process inserts meanwhile is compared too.
            inserted = run(sql.insert_missing)
            updated = run(sql.update_different)
        unchanged = prepared.count - updated - inserted - orphans
        return Loaded(inserted, updated, unchanged, orphans)

    def _load_rows(self, rows: Sequence[tuple[int, Row]]) -> Loaded:
        with closing(self._writer.prepare(as_batch(rows))) as prepared:
            try:
                return again_when_locked(lambda: self._merge(prepared))
            except Refused as refused:
                return self._without(refused, rows)

    def _without(self, refused: Refused, rows: Sequence[tuple[int, Row]]) -> Loaded:
        """Load the others: all at once where the bad rows are named, else half by half."""
        if len(rows) == 1:
            return Loaded(refused=(Refusal(rows[0][0], refused.reason),))
        if refused.rows:
            bad = (Refusal(rows[at][0], why) for at, why in sorted(refused.rows.items()))
            good = [row for at, row in enumerate(rows) if at not in refused.rows]
            return Loaded(refused=tuple(bad)) + (self._load_rows(good) if good else Loaded())
        middle = len(rows) // 2
        return self._total(self._load_rows(half) for half in (rows[:middle], rows[middle:]))

    def _total(self, parts: Iterable[Loaded]) -> Loaded:
        return sum(parts, start=Loaded())


class _RepeatedKeys(Exception):  # noqa: N818 - handled above
    """The batch holds a key twice."""


@contextmanager
def open_loader(target: Target, *, keep: bool = True, using: str = "default") -> Iterator[Loader]:
    """A loader into one table, on its own connection where the database's fast way needs one.

    Inside a transaction of the caller everything goes over the caller's connection.
    """
    connection = connections[using]
    connection.ensure_connection()
    statements = Statements(target, connection.vendor, connection.ops.quote_name)
    writer = _WRITERS[connection.vendor](connection, statements)
    try:
        yield Loader(target, writer, statements, keep=keep)
    finally:
        writer.close()
