"""The SQL that tells which row of a load is which row of staging, on each database.

What is one key is the business of SyncShow's own unique key: a `_ci` collation takes 'AUDI 2'
and 'Audi 2' for one. Whether two such rows differ is compared byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import connection

from reconcile.feed.models import LINES_A_LOAD, Load, LoadRow
from reconcile.feed.words import INACTIVE_WORDS
from reconcile.shows.models import MasterShow, SyncShow

KEY = ("cinemaId", "showTime", "screenName", "movieID")
VALUES = ("title", "rating", "length", "format", "genere", "isActive", "imageUrl")
_NUMBERS = ("cinemaId", "showTime", "length")
_EXACT = ("utf8mb4", "utf8mb4_bin")  # what LoadRow's own texts are
_DIFFERS = {
    "sqlite": "{0} IS NOT {1}",
    "postgresql": "{0} IS DISTINCT FROM {1}",
    "mysql": "NOT (BINARY {0} <=> BINARY {1})",
}
_COLLATIONS = """SELECT column_name, character_set_name, collation_name
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s
    AND character_set_name IS NOT NULL"""


@dataclass(frozen=True)
class Joining:
    """Pieces of SQL about `l`, a row of a load, and `s`, one of staging."""

    vendor: str
    quote: Callable[[str], str]
    staging: Mapping[str, tuple[str, str]]  # charset and collation of its texts, by column
    law: Mapping[str, tuple[str, str]]  # the same of the table that takes more for one

    @property
    def is_exact(self) -> bool:
        """Whether keys that differ in any way are two keys."""
        return all(each == _EXACT for each in self.law.values())

    @property
    def is_ruled_by_staging(self) -> bool:
        """Whether staging's own unique key refuses all that is one key."""
        return self.law == self.staging

    def same_key(self) -> str:
        q = self.quote
        ours = {name: self._as(self.staging, f"l.{q(name)}", name) for name in KEY}
        return " AND ".join(f"s.{q(name)} = {ours[name]}" for name in KEY)

    def key_by_law(self) -> str:
        """The key's columns as the unique key compares them."""
        return ", ".join(self._as(self.law, f"l.{self.quote(name)}", name) for name in KEY)

    def differs(self) -> str:
        form, q = _DIFFERS[self.vendor], self.quote
        pairs = [(f"s.{q(name)}", f"l.{q(name)}") for name in ("screenName", "movieID", *VALUES)]
        return " OR ".join(form.format(*pair) for pair in pairs)

    def is_inactive(self) -> str:
        words = ", ".join(f"'{word}'" for word in INACTIVE_WORDS)
        return f"LOWER(TRIM(COALESCE(l.{self.quote('isActive')}, ''))) IN ({words})"

    def _as(self, texts: Mapping[str, tuple[str, str]], expression: str, name: str) -> str:
        charset, collation = texts.get(name, _EXACT)
        if name in _NUMBERS or (charset, collation) == _EXACT:
            return expression
        return f"CONVERT({expression} USING {charset}) COLLATE {collation}"


def joining() -> Joining:
    """For the tables as they are now."""
    if connection.vendor != "mysql":
        return Joining(connection.vendor, connection.ops.quote_name, {}, {})
    staging, master = _texts(SyncShow._meta.db_table), _texts(MasterShow._meta.db_table)
    is_lax = any(not collation.endswith("_bin") for _, collation in staging.values())
    law = staging if is_lax else master
    return Joining("mysql", connection.ops.quote_name, staging, law)


def _texts(table: str) -> dict[str, tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_COLLATIONS, [table])
        return {
            str(name): (str(charset), str(collation))
            for name, charset, collation in cursor.fetchall()
            if name in ("movieID", "screenName")
        }


LOAD_TABLE = connection.ops.quote_name(LoadRow._meta.db_table)
SYNC_TABLE = connection.ops.quote_name(SyncShow._meta.db_table)


def rows_of(load: Load) -> str:
    """The condition for the rows of this load."""
    first = load.pk * LINES_A_LOAD
    return f"l.id BETWEEN {first} AND {first + LINES_A_LOAD - 1}"


def execute(sql: str) -> int:
    """Run a statement; returns how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.rowcount)
