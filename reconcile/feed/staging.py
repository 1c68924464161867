"""From the load table into SyncShow: by difference, some cinemas a transaction.

Killed in between, it is finished by whoever has the source's lease next: `finish_broken`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from django.db import DataError, IntegrityError, connection, transaction

from popflix.lib.quarantine import BadRow
from reconcile.feed import duplicates, slicing
from reconcile.feed.differing import TODO, Differences, find_differences, is_first
from reconcile.feed.emptying import empty
from reconcile.feed.joining import (
    KEY,
    LOAD_TABLE,
    SYNC_TABLE,
    VALUES,
    Joining,
    execute,
    joining,
    rows_of,
)
from reconcile.feed.models import LINES_A_LOAD, Load, LoadRow, LoadState
from reconcile.feed.outcome import close, refuse

ROWS_A_SLICE = 20_000  # on SQLite others wait for a transaction: well under 2 s
Commit = Callable[[], AbstractContextManager[None]]


@dataclass
class Staged:
    """What became of staging's rows."""

    merged: int = 0
    inserted: int = 0
    updated: int = 0
    removed: int = 0
    refused: list[BadRow] = field(default_factory=list)


def finish_broken(
    source: str, now: dt.datetime, keep: Callable[[], object] = lambda: None
) -> list[Load]:
    """Bring loads to their end that a kill broke off; the caller holds the source's lease, which
    `keep` prolongs.

    One that was read whole goes into staging; one that was not is given up, staging untouched.
    Returns those that staging shows now.
    """
    finished = []
    for load in Load.objects.filter(source=source, state=LoadState.LOADING).order_by("pk"):
        if load.read_at is not None:
            stage(load, now, keep=keep)
            finished.append(load)
            continue
        load.state, load.finished_at = LoadState.FAILED, now
        load.error = "It was broken off while the feed was read."
        empty(load)
        load.save()
    return finished


def stage(
    load: Load,
    now: dt.datetime,
    commit: Commit = transaction.atomic,
    keep: Callable[[], object] = lambda: None,
) -> Staged:
    """Make staging show a load that was read whole. `keep` is called before each commit."""
    sql, staged = joining(), Staged()
    try:
        _show(load, sql, now, staged, commit, keep)
    except _RepeatedKeys:
        _merge(load, sql, staged, commit, keep)
        _show(load, sql, now, staged, commit, keep, is_merged=True)
    keep()
    with commit():
        close(load, sql, now)
    empty(load)
    return staged


def _show(
    load: Load,
    sql: Joining,
    now: dt.datetime,
    staged: Staged,
    commit: Commit,
    keep: Callable[[], object],
    *,
    is_merged: bool = False,
) -> None:
    """A first load has no duplicates unless staging's own key says so, which saves a sort of all
    its rows: _RepeatedKeys then."""
    may_repeat = not is_merged and is_first(load) and sql.is_ruled_by_staging
    if not (is_merged or may_repeat):
        _merge(load, sql, staged, commit, keep)
    with find_differences(load, sql) as found:
        for cinemas in found.slices(ROWS_A_SLICE):
            keep()
            with commit():
                _Slice(load, sql, cinemas, now, staged, may_repeat).show(found)


def _merge(
    load: Load, sql: Joining, staged: Staged, commit: Commit, keep: Callable[[], object]
) -> None:
    keep()
    with commit():
        merged = duplicates.merge(load, sql)
        if merged:
            staged.merged += merged
            load.merged_count += merged
            load.save(update_fields=["merged_count"])
            slicing.forget(load)


class _RepeatedKeys(Exception):  # noqa: N818 - handled above
    """The load has rows of one key."""


@dataclass
class _Slice:
    """Some cinemas in one transaction."""

    load: Load
    sql: Joining
    cinemas: Sequence[int]
    now: dt.datetime
    staged: Staged
    may_repeat: bool

    def show(self, found: Differences) -> None:
        if found.is_new:
            self._insert(self._straight())
            return
        if any(found.new.get(each) for each in self.cinemas):
            self._insert(self._listed())
        if any(found.other.get(each) for each in self.cinemas):
            self.staged.updated += self._update()
        if any(found.absent(each) for each in self.cinemas):
            self.staged.removed += self._delete()

    def _here(self, column: str) -> str:
        return f"{column} IN ({', '.join(map(str, self.cinemas))})"

    def _own(self, alias: str) -> str:
        return self._here(f"{alias}.{self.sql.quote('cinemaId')}")

    def _straight(self) -> str:
        return f"{LOAD_TABLE} l WHERE {rows_of(self.load)} AND {self._own('l')}"

    def _listed(self) -> str:
        here = self._here("t.cinema_id")
        return (
            f"{TODO} t JOIN {LOAD_TABLE} l ON l.id = t.load_id WHERE {here} AND t.sync_id IS NULL"
        )

    def _lacking(self, condition: str) -> str:
        return (
            f"{LOAD_TABLE} l LEFT JOIN {SYNC_TABLE} s ON {self.sql.same_key()} "
            f"WHERE {condition} AND {self._own('l')} AND s.id IS NULL"
        )

    def _insert(self, rows: str) -> None:
        """What is missing; of rows that the database refuses, all but those."""
        try:
            with transaction.atomic():
                self.staged.inserted += self._insert_from(rows)
        except (IntegrityError, DataError):
            if self.may_repeat:
                raise _RepeatedKeys from None
            self._insert_some(0, LINES_A_LOAD - 1)

    def _insert_some(self, first: int, last: int) -> None:
        """Half by half, down to the rows that are refused."""
        condition = f"l.id BETWEEN {self._id(first)} AND {self._id(last)}"
        try:
            with transaction.atomic():
                self.staged.inserted += self._insert_from(self._lacking(condition))
        except (IntegrityError, DataError) as error:
            rows = LoadRow.objects.filter(
                pk__gte=self._id(first), pk__lte=self._id(last), cinema_id__in=self.cinemas
            ).order_by("pk")
            lines = [pk % LINES_A_LOAD for pk in rows.values_list("pk", flat=True)]
            if len(lines) == 1:
                reason = f"the database refuses it: {error.args[-1]}"
                refuse(self.load, rows, reason, self.now)
                return
            middle = lines[len(lines) // 2]
            self._insert_some(lines[0], middle - 1)
            self._insert_some(middle, lines[-1])

    def _id(self, line: int) -> int:
        return self.load.pk * LINES_A_LOAD + line

    def _insert_from(self, rows: str) -> int:
        q = self.sql.quote
        names = ", ".join(map(q, (*KEY, *VALUES)))
        chosen = ", ".join(f"l.{q(name)}" for name in (*KEY, *VALUES))
        stamp = self._now()
        return execute(
            f"INSERT INTO {SYNC_TABLE} ({names}, {q('createdAt')}, {q('updatedAt')}) "
            f"SELECT {chosen}, {stamp}, {stamp} FROM {rows}"
        )

    def _update(self) -> int:
        """What differs; the key's texts too, where the unique key takes two for one."""
        q, sql = self.sql.quote, self.sql
        names = ("screenName", "movieID", *VALUES)
        pairs = f"{TODO} t JOIN {LOAD_TABLE} l ON l.id = t.load_id"
        where = f"s.id = t.sync_id AND {self._here('t.cinema_id')}"
        if sql.vendor == "mysql":
            values = ", ".join(f"s.{q(name)} = l.{q(name)}" for name in names)
            return execute(
                f"UPDATE {pairs} JOIN {SYNC_TABLE} s ON s.id = t.sync_id "
                f"SET {values}, s.{q('updatedAt')} = {self._now()} WHERE {where}"
            )
        values = ", ".join(f"{q(name)} = l.{q(name)}" for name in names)
        return execute(
            f"UPDATE {SYNC_TABLE} AS s SET {values}, {q('updatedAt')} = {self._now()} "
            f"FROM {pairs} WHERE {where}"
        )

    def _delete(self) -> int:
        absent = (
            f"NOT EXISTS (SELECT 1 FROM {LOAD_TABLE} l WHERE {rows_of(self.load)} "
            f"AND {self.sql.same_key()})"
        )
        if self.sql.vendor == "mysql":
            return execute(f"DELETE s FROM {SYNC_TABLE} s WHERE {self._own('s')} AND {absent}")
        return execute(f"DELETE FROM {SYNC_TABLE} AS s WHERE {self._own('s')} AND {absent}")

    def _now(self) -> str:
        """As a literal of this database."""
        stamp = connection.ops.adapt_datetimefield_value(self.now)
        text = str(stamp).replace("'", "")
        return f"'{text}'" if self.sql.vendor != "postgresql" else f"TIMESTAMPTZ '{text}'"
