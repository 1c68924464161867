"""Taking the rows of a load out of the load table, at once where nobody else has rows in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import OperationalError, connection, transaction

from reconcile.feed.joining import LOAD_TABLE, execute, rows_of
from reconcile.feed.models import LINES_A_LOAD, Load, LoadRow

_ROWS_A_COMMIT = 50_000


def empty(load: Load) -> None:
    """Remove the rows of a load that is over. Harmless when there are none."""
    first = load.pk * LINES_A_LOAD
    mine = LoadRow.objects.filter(pk__gte=first, pk__lt=first + LINES_A_LOAD)
    if not mine.exists() or _empty_at_once(load):
        return
    while (begin := mine.order_by("pk").values_list("pk", flat=True).first()) is not None:
        mine.filter(pk__lt=begin + _ROWS_A_COMMIT).delete()


def _empty_at_once(load: Load) -> bool:
    """A million rows in no time; False where another load has rows or the lock is not given."""
    if connection.in_atomic_block:
        return False
    others = f"SELECT 1 FROM {LOAD_TABLE} l WHERE NOT ({rows_of(load)}) LIMIT 1"
    try:
        with _alone(), connection.cursor() as cursor:
            cursor.execute(others)
            if cursor.fetchone() is not None:
                return False
            # Without a condition SQLite drops whole pages.
            delete = "DELETE FROM" if connection.vendor == "sqlite" else "TRUNCATE TABLE"
            cursor.execute(f"{delete} {LOAD_TABLE}")
    except OperationalError:
        return False
    return True


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Nobody else writes the load table meanwhile."""
    if connection.vendor == "mysql":  # where TRUNCATE commits, so a transaction would not do
        execute("SET @popflix_wait = @@lock_wait_timeout, SESSION lock_wait_timeout = 1")
        try:
            execute(f"LOCK TABLES {LOAD_TABLE} WRITE, {LOAD_TABLE} AS l WRITE")
            yield
        finally:
            execute("UNLOCK TABLES")
            execute("SET SESSION lock_wait_timeout = @popflix_wait")
        return
    with transaction.atomic():
        if connection.vendor == "postgresql":
            execute("SET LOCAL lock_timeout = '1s'")
            execute(f"LOCK TABLE {LOAD_TABLE} IN ACCESS EXCLUSIVE MODE")
        yield
