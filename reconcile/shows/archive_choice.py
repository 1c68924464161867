"""Which shows are old enough to be archived: those that staging has no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from popflix.lib.batches import chunk
from reconcile.changes.finding.comparing import MASTER_TABLE, SYNC_TABLE, Comparing, column
from reconcile.shows.archive_rows import ROWS
from reconcile.shows.models import MasterShow


def old_ids(before: dt.datetime) -> Iterator[list[int]]:
    """Ids of shows that began before this instant, some of one cinema at a time.

    What a feed still lists would be inserted again by the next reconciling: it stays.
    """
    old = MasterShow.objects.filter(show_time__lt=before).order_by("cinema_id")
    for cinema_id in list(old.values_list("cinema_id", flat=True).distinct()):
        ids = _unstaged(
            f"m.{column('cinema_id')} = %s AND m.{column('show_time')} < %s",
            [cinema_id, connection.ops.adapt_datetimefield_value(before)],
        )
        yield from chunk(ids, ROWS)


def still_unstaged(ids: Sequence[int]) -> set[int]:
    """Of these rows those that staging does not have."""
    return set(_unstaged(f"m.id IN ({', '.join(map(str, ids)) or 'NULL'})", []))


def _unstaged(condition: str, given: Sequence[Any]) -> list[int]:
    master, sync = map(connection.ops.quote_name, (MASTER_TABLE, SYNC_TABLE))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT m.id FROM {master} m WHERE {condition} "
            f"AND NOT EXISTS (SELECT 1 FROM {sync} s WHERE {Comparing().same_key()}) "
            "ORDER BY m.id",
            list(given),
        )
        return [pk for (pk,) in cursor.fetchall()]
