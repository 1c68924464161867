"""Archived shows back into master: with their ids, where these and their places are free."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.core.management.color import no_style
from django.db import IntegrityError, connection, transaction

from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.locks import again_when_locked
from popflix.lib.models import FieldLock
from reconcile.shows.archive_file import DamagedError, check, read
from reconcile.shows.archive_rows import ROWS, row_of
from reconcile.shows.models import MasterShow

ACTION = "restore shows"
THERE = "in master already"
NUMBER = "number is another show's by now"
PLACE = "place is another show's by now"
Row = tuple[MasterShow, list[FieldLock]]


@dataclass
class Restored:
    """Of `rows` in the file those are counted that came back, and the others by reason."""

    rows: int
    restored: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    is_stopped: bool = False


def restore(
    path: Path,
    *,
    by: str,
    now: dt.datetime,
    dry_run: bool = False,
    must_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Restored:
    """Insert what a whole file has; killed or stopped, the same again finishes it.

    Raises OperatorError, nothing written, where the file is no whole archive.
    """
    found = Restored(check(path))
    done = 0
    for lines in chunk(read(path), ROWS):
        if must_stop():
            found.is_stopped = True
            break
        rows = [_row(path, text) for text in lines]
        tell = None if found.restored else partial(_audit, by, path, now, found.rows)
        free, skipped = again_when_locked(partial(_some, rows, tell, dry_run))
        found.restored += free
        found.skipped += skipped
        done += len(rows)
        progress(done, found.rows)
    if found.restored and not dry_run:
        _keep_counting()
    return found


def _row(path: Path, text: str) -> Row:
    try:
        return row_of(text)
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(path, f"a line is no show ({type(error).__name__}: {error})") from None


def _some(
    rows: Sequence[Row], tell: Callable[[], None] | None, dry_run: bool
) -> tuple[int, Counter[str]]:
    """One transaction; how many of the rows came back, and why others did not."""
    free, skipped = _free(rows)
    if dry_run or not free:
        return len(free), skipped
    with transaction.atomic():
        count = _insert(free)
        if tell is not None and count:
            tell()
    skipped[PLACE] += len(free) - count
    return count, +skipped


def _free(rows: Sequence[Row]) -> tuple[list[Row], Counter[str]]:
    shows = [show for show, _ in rows]
    places = MasterShow.objects.filter(
        cinema_id__in={show.cinema_id for show in shows},
        show_time__in={show.show_time for show in shows},
    )
    taken = {_key(show): show.pk for show in places}
    known = MasterShow.objects.in_bulk([show.pk for show in shows])
    free, skipped = [], Counter[str]()
    for show, locks in rows:
        holder = known.get(show.pk)
        if holder is not None:
            skipped[THERE if _key(holder) == _key(show) else NUMBER] += 1
        elif _key(show) in taken:
            skipped[PLACE] += 1
        else:
            free.append((show, locks))
    return free, skipped


def _insert(rows: Sequence[Row]) -> int:
    """All at once; one by one where the database takes a place for taken that reads otherwise."""
    try:
        with transaction.atomic():
            MasterShow.objects.bulk_create([show for show, _ in rows])
            FieldLock.objects.bulk_create(
                [lock for _, locks in rows for lock in locks], ignore_conflicts=True
            )
        return len(rows)
    except IntegrityError:
        return sum(map(_insert, ([row] for row in rows))) if len(rows) > 1 else 0


def _key(show: MasterShow) -> tuple[object, ...]:
    return (show.movie_id, show.cinema_id, show.screen_name, show.show_time)


def _audit(by: str, path: Path, now: dt.datetime, rows: int) -> None:
    """With the first rows: however far it comes, it is told that it was begun."""
    audit.record(by, ACTION, at=now, target=path.name, count=rows)


def _keep_counting() -> None:
    """PostgreSQL's next number follows the highest one, which may have come back."""
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), [MasterShow]):
            cursor.execute(sql)
