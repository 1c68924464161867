"""What the loader asks of a database; mysql.py, sqlite.py and postgres.py answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper

from popflix.lib.bulk.rows import Batch

B = TypeVar("B", bound=Batch, covariant=True)
A = TypeVar("A", bound=Batch)


class Refused(Exception):  # noqa: N818 - an answer of the database, handled by the loader
    """The database would not take a statement's rows.

    `rows` names the bad ones by their index in the batch, where the database tells.
    """

    def __init__(self, reason: str, rows: Mapping[int, str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rows = dict(rows or {})


@dataclass
class Prepared(Generic[B]):
    """A batch and what a writer made of it beforehand. `keys` are those seen so far."""

    batch: B
    count: int = 0
    keys: set[object] = field(default_factory=set)
    file: Any = None  # an open temporary file of ready lines

    @property
    def has_repeated_keys(self) -> bool:
        return len(self.keys) < self.count

    def close(self) -> None:
        self.keys = set()
        if self.file is not None:
            self.file.close()
            self.file = None


class Writer(Protocol):
    """Puts rows into one target or its staging table, always inside a transaction."""

    connection: BaseDatabaseWrapper

    @property
    def overlaps(self) -> bool:
        """Whether `prepare` needs no connection and pays in a thread of its own."""

    @property
    def way(self) -> str:
        """How rows are written, for the report."""

    def prepare(self, batch: A) -> Prepared[A]: ...

    def insert(self, prepared: Prepared[Batch]) -> None:
        """Put the rows straight into the table. Raises Refused."""

    def stage(self, prepared: Prepared[Batch]) -> None:
        """Fill the staging table with these rows and no others. Raises Refused."""

    def run(self, sql: str) -> int:
        """Run one statement and return how many rows it changed, or its only figure."""

    def close(self) -> None: ...
