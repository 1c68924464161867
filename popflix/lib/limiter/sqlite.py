"""The bucket in an SQLite file of its own.

In the site's database it would queue behind every batch the writer commits. The file holds
nothing but paces: it may be deleted at any time.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.limiter import policy
from popflix.lib.limiter.policy import BucketState, Reply
from popflix.lib.limiter.store import Change, microseconds
from popflix.lib.per_thread import PerThread

_VERSION = 1  # of the table; a file of another version is emptied
_BUSY_SECONDS = 20.0
_COLUMNS = (
    "next_slot_us, rate, allowed_rate, cut_at_us, resume_at_us, crept_at_us, cuts, strikes, reason"
)
_CREATE = f"CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, {_COLUMNS})"
_SELECT = f"SELECT {_COLUMNS} FROM bucket WHERE name = ?"
_REPLACE = f"INSERT OR REPLACE INTO bucket (name, {_COLUMNS}) VALUES ({', '.join('?' * 10)})"
_MOVE = "UPDATE bucket SET next_slot_us = ? WHERE name = ?"


class SqliteStore:
    """Shared by every process of this host, told time by the host's clock.

    A reservation is four statements in one IMMEDIATE transaction rather than one UPDATE: in
    process that costs 2 µs more, and the rules stay the ones of `policy`.
    """

    def __init__(self, path: Path, name: str, rate: float, clock: Clock) -> None:
        self._path = path
        self._name = name
        self._rate = rate
        self._clock = clock
        self._connections = PerThread(self._connect, sqlite3.Connection.close)

    def reserve(self, horizon_us: int) -> Reply:
        with self._transaction() as connection:
            bucket, now_us = self._bucket(connection), self._now_us()
            moved, reply = policy.reserve(bucket, now_us, horizon_us)
            if reply.granted:
                connection.execute(_MOVE, (moved.next_slot_us, self._name))
        return reply

    def change(self, change: Change) -> tuple[BucketState, int]:
        with self._transaction() as connection:
            bucket, now_us = self._bucket(connection), self._now_us()
            changed = change(bucket, now_us)
            if changed is not bucket:
                self._write(connection, changed)
        return changed, now_us

    def read(self) -> tuple[BucketState, int]:
        return self.change(lambda bucket, _: bucket)

    def close(self) -> None:
        self._connections.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connections.get()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._connections.discard()
            raise OperatorError(
                f"The limiter's file {self._path} cannot be used ({error}).",
                "Check that POPFLIX_VAR is writable and has room; the file may be deleted.",
            ) from None

    def _bucket(self, connection: sqlite3.Connection) -> BucketState:
        row = connection.execute(_SELECT, (self._name,)).fetchone()
        if row is not None:
            return BucketState(*row)
        bucket = policy.fresh(self._rate)
        self._write(connection, bucket)
        return bucket

    def _write(self, connection: sqlite3.Connection, bucket: BucketState) -> None:
        connection.execute(_REPLACE, (self._name, *astuple(bucket)))

    def _now_us(self) -> int:
        return microseconds(self._clock.now())

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(self._path):
            # Several threads: only `close` touches a connection that is not its thread's own.
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA page_size=512")  # a commit writes a page: 25 % less CPU
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                connection.execute("DROP TABLE IF EXISTS bucket")
                connection.execute(_CREATE)
                connection.execute(f"PRAGMA user_version={_VERSION}")
        return connection


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    # SQLite does not wait its busy time-out for the switch to WAL: of several processes that
    # open a new file at once, all but one would be told "locked".
    lock = os.open(f"{path}.lock", os.O_WRONLY | os.O_CREAT, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
