"""The SQL of a merge: staging table → only what is missing → only what differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from popflix.lib.bulk.rows import Target

STAGE = "popflix_stage"

# How each database says "these two differ, NULL being a value, byte by byte".
_DIFFERS = {
    "sqlite": "{0} IS NOT {1}",
    "postgresql": "{0} IS DISTINCT FROM {1}",
    # A `_ci` collation thinks é = e, and even `_bin` ignores spaces at the end.
    "mysql": "NOT (BINARY {0} <=> BINARY {1})",
}


@dataclass(frozen=True)
class Statements:
    """SQL for one target; `vendor` and `quote` are the connection's."""

    target: Target
    vendor: str
    quote: Callable[[str], str]

    @property
    def table(self) -> str:
        return self.quote(self.target.table)

    @property
    def stage(self) -> str:
        return self.quote(STAGE)

    @property
    def columns(self) -> str:
        return ", ".join(map(self.quote, self.target.columns))

    @property
    def is_empty(self) -> str:
        return f"SELECT NOT EXISTS (SELECT 1 FROM {self.table})"

    def create_stage(self, engine: str = "") -> str:
        """No keys: it is scanned once a batch. Column types and collations are the table's."""
        return (
            f"CREATE TEMPORARY TABLE {self.stage} {engine} AS "
            f"SELECT {self.columns} FROM {self.table} LIMIT 0"
        )

    def insert_values(self, into: str, mark: str, rows: int = 1) -> str:
        """A plain INSERT of `rows` rows; `mark` is the driver's placeholder."""
        one = f"({', '.join([mark] * len(self.target.columns))})"
        return f"INSERT INTO {into} ({self.columns}) VALUES {', '.join([one] * rows)}"

    @property
    def update_different(self) -> str:
        own, key = self.target.values, self.quote(self.target.key)
        pairs = [(f"t.{self.quote(name)}", f"s.{self.quote(name)}") for name in own]
        differs = " OR ".join(_DIFFERS[self.vendor].format(old, new) for old, new in pairs)
        if self.vendor == "mysql":
            # STRAIGHT_JOIN: scan the small stage, look its rows up in the table.
            values = ", ".join(f"{old} = {new}" for old, new in pairs)
            return (
                f"UPDATE {self.stage} s STRAIGHT_JOIN {self.table} t ON t.{key} = s.{key} "
                f"SET {values} WHERE {differs}"
            )
        values = ", ".join(f"{self.quote(name)} = s.{self.quote(name)}" for name in own)
        return (
            f"UPDATE {self.table} AS t SET {values} FROM {self.stage} s "
            f"WHERE t.{key} = s.{key} AND ({differs})"
        )

    @property
    def insert_missing(self) -> str:
        """Where another process inserts the same key meanwhile, this fails and is done again."""
        key = self.quote(self.target.key)
        chosen = ", ".join(f"s.{self.quote(name)}" for name in self.target.columns)
        return (
            f"INSERT INTO {self.table} ({self.columns}) SELECT {chosen} FROM {self.stage} s "
            f"LEFT JOIN {self.table} t ON t.{key} = s.{key} WHERE t.{key} IS NULL"
        )

    @property
    def drop_orphans(self) -> str:
        """Empty where the target asks for no parent."""
        parent = self.target.parent
        if parent is None:
            return ""
        key, column = self.quote(self.target.key), self.quote(parent.column)
        return (
            f"DELETE FROM {self.stage} WHERE NOT EXISTS (SELECT 1 FROM {self.quote(parent.table)} "
            f"p WHERE p.{column} = {self.stage}.{key})"
        )
