"""Where a load and staging differ, found by the database in one join; nothing lasting is written.

LoadRow ⟕ SyncShow on the key → popflix_load_todo (the load's id, staging's id or NULL)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from reconcile.feed import slicing
from reconcile.feed.joining import LOAD_TABLE, SYNC_TABLE, Joining, execute, rows_of
from reconcile.feed.models import LINES_A_LOAD, Cinema, Load, LoadRow
from reconcile.shows.models import SyncShow

TODO = "popflix_load_todo"


@dataclass
class Differences:
    """Rows by cinema. `coming` are the load's, `there` staging's; of those that come, `new` are
    not staged yet and `other` are, with other values. A first load `is_new` as a whole."""

    cinemas: list[int]  # of the source
    coming: Mapping[int, int]
    there: Mapping[int, int]
    new: dict[int, int] = field(default_factory=dict)
    other: dict[int, int] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return not any(each in self.there for each in self.cinemas)

    def absent(self, cinema: int) -> int:
        """Staged rows that do not come any more."""
        if self.is_new:
            return 0
        matched = self.coming.get(cinema, 0) - self.new.get(cinema, 0)
        return self.there.get(cinema, 0) - matched

    def slices(self, most: int) -> Iterator[list[int]]:
        """The cinemas with something to do, some at a time."""
        some: list[int] = []
        size = 0
        for cinema in self.cinemas:
            rows = self._size(cinema)
            if some and size + rows > most:
                yield some
                some, size = [], 0
            if rows:
                some.append(cinema)
                size += rows
        if some:
            yield some

    def _size(self, cinema: int) -> int:
        if self.is_new:
            return self.coming.get(cinema, 0)
        return self.new.get(cinema, 0) + self.other.get(cinema, 0) + self.absent(cinema)


def is_first(load: Load) -> bool:
    """Whether staging has no show of the source yet."""
    cinemas = Cinema.objects.filter(source=load.source).values("pk")
    return not SyncShow.objects.filter(cinema_id__in=cinemas).exists()


@contextmanager
def find_differences(load: Load, sql: Joining) -> Iterator[Differences]:
    """What differs; its rows stand in the temporary table for as long as the block lasts."""
    cinemas = Cinema.objects.filter(source=load.source).order_by("pk")
    found = Differences(
        list(cinemas.values_list("pk", flat=True)),
        _coming(load),
        _by_cinema(SyncShow.objects.all()),
    )
    if found.is_new:
        yield found
        return
    drop = f"DROP {'TEMPORARY ' if sql.vendor == 'mysql' else ''}TABLE IF EXISTS {TODO}"
    execute(drop)
    _fill(load, sql)
    _count(found)
    try:
        yield found
    finally:
        execute(drop)


def _fill(load: Load, sql: Joining) -> None:
    # MariaDB takes CREATE INDEX, of a temporary table too, for a reason to commit.
    is_mysql = sql.vendor == "mysql"
    execute(
        f"CREATE TEMPORARY TABLE {TODO} {'(KEY (cinema_id))' * is_mysql} AS "
        f"SELECT l.id AS load_id, s.id AS sync_id, l.{sql.quote('cinemaId')} AS cinema_id "
        f"FROM {LOAD_TABLE} l "
        f"LEFT JOIN {SYNC_TABLE} s ON {sql.same_key()} "
        f"WHERE {rows_of(load)} AND (s.id IS NULL OR {sql.differs()})"
    )
    if not is_mysql:
        execute(f"CREATE INDEX {TODO}_cinema ON {TODO} (cinema_id)")


def _count(found: Differences) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT cinema_id, COUNT(*), COUNT(sync_id) FROM {TODO} GROUP BY cinema_id"
        )
        for cinema, rows, known in cursor.fetchall():
            found.new[cinema], found.other[cinema] = rows - known, known


def _coming(load: Load) -> dict[int, int]:
    if slicing.are_kept(load):
        slices = load.slices.order_by().values_list("cinema_id").annotate(n=Sum("rows"))
        return {cinema: int(rows) for cinema, rows in slices}
    first = load.pk * LINES_A_LOAD
    return _by_cinema(LoadRow.objects.filter(pk__gte=first, pk__lt=first + LINES_A_LOAD))


def _by_cinema(rows: QuerySet[LoadRow] | QuerySet[SyncShow]) -> dict[int, int]:
    return dict(rows.order_by().values_list("cinema_id").annotate(n=Count("pk")))
