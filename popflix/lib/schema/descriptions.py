"""Tables and columns, as they are and as popflix wants them, in plain data. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from popflix.lib.schema.dialect import Definition, ForeignKey
from popflix.lib.schema.types import Family, SqlType


@dataclass(frozen=True)
class Column:
    """A column that is there. `charset` and `collation` are empty outside MySQL and MariaDB."""

    name: str
    type: SqlType
    definition: Definition
    charset: str = ""
    collation: str = ""
    fills_itself: bool = False  # a default, auto-increment or a generated value

    @property
    def null(self) -> bool:
        return self.definition.null


@dataclass(frozen=True)
class Table:
    """A table that is there. `uniques` holds the primary key too."""

    name: str
    columns: tuple[Column, ...]
    uniques: frozenset[frozenset[str]] = frozenset()
    has_primary_key: bool = False
    foreign_keys: tuple[ForeignKey, ...] = ()  # to and from; MySQL and MariaDB only
    engine: str = ""
    charset: str = ""
    is_view: bool = False


@dataclass(frozen=True)
class Wanted:
    """A column as popflix would make it.

    `like` names table and column it refers to. `today` is what it must hold at least, characters
    or value, and `of` what those are ("IMDb's ids"). `any_language` texts need all of Unicode.
    """

    name: str
    type: SqlType
    definition: Definition
    is_key: bool = False
    like: tuple[str, str] | None = None
    today: int | None = None
    of: str = "values"
    any_language: bool = False

    def unicode_definition(self) -> Definition:
        """For a table whose own character set is not utf8mb4."""
        is_text = self.type.family in (Family.TEXT, Family.ENUM)
        return replace(self.definition, charset="CHARACTER SET utf8mb4" if is_text else "")


@dataclass(frozen=True)
class WantedTable:
    vendor: str
    name: str
    columns: tuple[Wanted, ...]
    uniques: tuple[tuple[str, ...], ...] = ()  # beyond the key

    def key(self) -> Wanted:
        return next(column for column in self.columns if column.is_key)


def charset_clause(charset: str, collation: str) -> str:
    return f"CHARACTER SET {charset} COLLATE {collation}" if charset else ""
