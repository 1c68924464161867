"""The bucket as a row of the site's MariaDB, MySQL or PostgreSQL.

Each thread has a connection of its own in autocommit: a reservation must be seen by everybody at
once, whatever transaction the caller is in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from popflix.lib.limiter import policy
from popflix.lib.limiter.policy import CUTS_MODULUS, FURTHEST_SLOT_US, BucketState, Reply
from popflix.lib.limiter.store import Change
from popflix.lib.per_thread import PerThread

T = TypeVar("T")

_TABLE = "lib_bucket"
_COLUMNS = (
    "next_slot_us, rate, allowed_rate, cut_at_us, resume_at_us, crept_at_us, cuts, strikes, reason"
)
_INSERT = f"INTO {_TABLE} (name, {_COLUMNS}) VALUES ({', '.join(['%s'] * 10)})"
_UPDATE = (
    f"UPDATE {_TABLE} SET "
    + ", ".join(f"{column} = %s" for column in _COLUMNS.split(", "))
    + " WHERE name = %s"
)
_GAP_US = f"{policy.GAP_FACTOR * policy.US:.0f}"


@dataclass(frozen=True)
class Dialect:
    """What the databases word differently. `reserve` returns None where the row is missing."""

    now: str
    insert: str
    reserve: Callable[[CursorWrapper, str, int], Reply | None]


class SqlStore:
    """Shared by every host of one database, told time by the database server."""

    def __init__(self, alias: str, dialect: Dialect, name: str, rate: float) -> None:
        self._alias = alias
        self._dialect = dialect
        self._name = name
        self._rate = rate
        self._connections = PerThread(self._connect, BaseDatabaseWrapper.close)

    def reserve(self, horizon_us: int) -> Reply:
        return self._with_cursor(lambda cursor: self._reserve(cursor, horizon_us))

    def change(self, change: Change) -> tuple[BucketState, int]:
        return self._with_cursor(lambda cursor: self._change(cursor, change))

    def read(self) -> tuple[BucketState, int]:
        return self._with_cursor(lambda cursor: self._select(cursor) or self._insert(cursor))

    def close(self) -> None:
        self._connections.close()

    def _reserve(self, cursor: CursorWrapper, horizon_us: int) -> Reply:
        while (reply := self._dialect.reserve(cursor, self._name, horizon_us)) is None:
            self._insert(cursor)
        return reply

    def _change(self, cursor: CursorWrapper, change: Change) -> tuple[BucketState, int]:
        cursor.execute("START TRANSACTION")
        try:
            bucket, now_us = self._select(cursor, "FOR UPDATE") or self._insert(cursor)
            changed = change(bucket, now_us)
            if changed is not bucket:
                cursor.execute(_UPDATE, (*astuple(changed), self._name))
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
        return changed, now_us

    def _select(self, cursor: CursorWrapper, lock: str = "") -> tuple[BucketState, int] | None:
        cursor.execute(
            f"SELECT {self._dialect.now}, {_COLUMNS} FROM {_TABLE} WHERE name = %s {lock}",
            (self._name,),
        )
        row = cursor.fetchone()
        return None if row is None else (BucketState(*row[1:]), int(row[0]))

    def _insert(self, cursor: CursorWrapper) -> tuple[BucketState, int]:
        """Create the row, or find that somebody else just did."""
        row = (self._name, *astuple(policy.fresh(self._rate)))
        while True:
            cursor.execute(self._dialect.insert, row)
            if found := self._select(cursor, "FOR UPDATE"):
                return found

    def _with_cursor(self, body: Callable[[CursorWrapper], T]) -> T:
        """Run `body`; a connection that the server closed meanwhile is replaced once."""
        try:
            return self._run(body)
        except (OperationalError, InterfaceError):
            self._connections.discard()
        return self._run(body)

    def _run(self, body: Callable[[CursorWrapper], T]) -> T:
        with self._connections.get().cursor() as cursor:
            return body(cursor)

    def _connect(self) -> BaseDatabaseWrapper:
        connection = connections.create_connection(self._alias)
        connection.inc_thread_sharing()  # only `close` is ever called by another thread
        return connection


# --- MariaDB and MySQL -------------------------------------------------------------------
# The answer to an UPDATE carries one integer home: LAST_INSERT_ID(expr). The wait, a hundred
# times the rate and the cuts share it (30, 21 and 12 bits): one round trip per reservation.
_RATE_MODULUS = 1 << 21
_MYSQL_NOW = "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"
_MYSQL_SLOT = (
    f"IF(next_slot_us BETWEEN {_MYSQL_NOW} AND {_MYSQL_NOW} + {FURTHEST_SLOT_US}, "
    f"next_slot_us, {_MYSQL_NOW})"
)
_MYSQL_WAIT = f"({_MYSQL_SLOT} - {_MYSQL_NOW})"
_MYSQL_PACKED = (
    f"({_MYSQL_WAIT} * {_RATE_MODULUS} + LEAST(ROUND(rate * 100), {_RATE_MODULUS - 1}))"
    f" * {CUTS_MODULUS} + cuts MOD {CUTS_MODULUS}"
)
_MYSQL_RESERVE = f"""
UPDATE {_TABLE} SET next_slot_us = IF(
    LAST_INSERT_ID({_MYSQL_PACKED}) >= 0 AND {_MYSQL_WAIT} <= %s,
    {_MYSQL_SLOT} + CEIL({_GAP_US} / rate),
    next_slot_us
) WHERE name = %s
"""


def _mysql_reserve(cursor: CursorWrapper, name: str, horizon_us: int) -> Reply | None:
    cursor.execute(_MYSQL_RESERVE, (horizon_us, name))
    if not cursor.rowcount:  # Django connects with FOUND_ROWS: matched rows, changed or not
        return None
    rest, cuts = divmod(int(cursor.lastrowid), CUTS_MODULUS)
    wait_us, hundredfold_rate = divmod(rest, _RATE_MODULUS)
    return Reply(wait_us <= horizon_us, wait_us, hundredfold_rate / 100, cuts)


# --- PostgreSQL --------------------------------------------------------------------------
_POSTGRES_NOW = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
_POSTGRES_RESERVE = f"""
WITH was AS (
    SELECT next_slot_us, rate, cuts FROM {_TABLE} WHERE name = %s FOR UPDATE
), slot AS MATERIALIZED (
    SELECT was.rate, was.cuts, clock.now_us,
        CASE WHEN next_slot_us BETWEEN now_us AND now_us + {FURTHEST_SLOT_US}
            THEN next_slot_us ELSE now_us END AS slot_us
    FROM was, (SELECT {_POSTGRES_NOW} AS now_us) AS clock
), moved AS (
    UPDATE {_TABLE} AS bucket
    SET next_slot_us = slot.slot_us + ceil({_GAP_US} / slot.rate)::bigint
    FROM slot WHERE bucket.name = %s AND slot.slot_us - slot.now_us <= %s
    RETURNING 1
)
SELECT EXISTS (SELECT 1 FROM moved), slot_us - now_us, rate, cuts %% {CUTS_MODULUS} FROM slot
"""


def _postgres_reserve(cursor: CursorWrapper, name: str, horizon_us: int) -> Reply | None:
    cursor.execute(_POSTGRES_RESERVE, (name, name, horizon_us))
    row = cursor.fetchone()
    return None if row is None else Reply(*row)


DIALECTS = {
    "mysql": Dialect(_MYSQL_NOW, f"INSERT IGNORE {_INSERT}", _mysql_reserve),
    "postgresql": Dialect(
        _POSTGRES_NOW, f"INSERT {_INSERT} ON CONFLICT DO NOTHING", _postgres_reserve
    ),
}
