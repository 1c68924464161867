"""Bodies of a folder or a ZIP become movies: read in a thread ahead of the batch being written.

What is damaged is named and skipped. A second import of the same bodies only touches them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from popflix.lib.bulk import ahead
from popflix.lib.http import BadPayload, Unavailable
from popflix.lib.locks import again_when_locked
from sync.movies.asking import images_wanted
from sync.movies.bodies import pack
from sync.movies.due import due_at
from sync.movies.excluding import excluded_keys
from sync.movies.files import Damaged, FoundBody, read_bodies
from sync.movies.held import Key, ids_of, marks_of
from sync.movies.models import AskedBy, Movie, UpstreamState
from sync.movies.outcomes import locks_of
from sync.movies.store import Fetched, Stored, apply_movies, plan_movies
from sync.movies.transform import Images, read_movie
from sync.movies.work import Settled, write_settled
from sync.tmdb.full import kind_of

BATCH = 1000
MOST_NAMED = 100


class Commit(Protocol):
    """Opens the transaction of a batch: `RunContext.commit`."""

    def __call__(self, *, done: int, ok: int, failed: int) -> AbstractContextManager[None]: ...


class Imported(NamedTuple):
    """One body. `asked` is the id it was fetched by, which may lead to another by now."""

    one: Fetched
    asked: Key


@dataclass
class ImportCounts:
    """What became of the bodies: all but `conflicts` and `named` add up to `read`."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    excluded: int = 0
    damaged: int = 0
    conflicts: int = 0
    named: list[dict[str, str]] = field(default_factory=list)  # of the damaged, the first

    def add(self, stored: Stored) -> None:
        self.inserted += stored.inserted
        self.updated += stored.updated
        self.unchanged += stored.unchanged
        self.older += stored.older
        self.conflicts += stored.conflicts

    def name(self, damaged: Damaged) -> None:
        self.damaged += 1
        if len(self.named) < MOST_NAMED:
            self.named.append({"name": damaged.name[:300], "why": damaged.why[:300]})

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class Bodies:
    """What is to be read of `path`. `media_type` is for bodies of which nothing tells it."""

    def __init__(self, path: Path, media_type: str, now: dt.datetime) -> None:
        self._path, self._media_type = path, media_type
        self._images: Images = images_wanted()
        self._now = now

    def batches(self, skip: int = 0) -> Iterator[list[Imported | Damaged]]:
        """Raises OperatorError where there is neither a folder nor a ZIP."""
        found = read_bodies(self._path, skip=skip)
        with closing(ahead(chunk(map(self._read, found), BATCH), 1)) as made:
            yield from made

    def _read(self, found: FoundBody | Damaged) -> Imported | Damaged:
        """In a thread: no ORM."""
        if isinstance(found, Damaged):
            return found
        media_type = found.media_type or self._media_type or kind_of(found.body)
        if not media_type:
            return Damaged(found.name, "is no record of a film or a series")
        try:
            values = read_movie(found.body, media_type, self._images)
        except (BadPayload, Unavailable) as error:
            return Damaged(found.name, f"cannot be taken: {error}")
        at = min(found.fetched_at or self._now, self._now)
        released = values.release_date if isinstance(values.release_date, dt.date) else None
        again = due_at(values.tmdb_id, released, at)
        asked = (media_type, found.tmdb_id or values.tmdb_id)
        return Imported(Fetched(values, pack(found.body, found.sha256), at, again), asked)


def written_at(path: Path, now: dt.datetime) -> dt.datetime:
    """How old bodies are of which no manifest tells it: as old as their folder or ZIP, at most."""
    try:
        return min(now, dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC))
    except (OSError, OverflowError, ValueError):
        return now


def store_batch(
    batch: Sequence[Imported | Damaged], counts: ImportCounts, now: dt.datetime, commit: Commit
) -> None:
    """One batch in one transaction; counted once it is committed."""
    found, wanted = _wanted(batch)

    def attempt() -> Stored:
        with commit(done=len(batch), ok=len(wanted), failed=len(batch) - len(found)):
            stored = apply_movies(
                [each.one for each in wanted], now=now, asked_by=AskedBy.OPERATOR,
                locks_of=lambda ids: locks_of(ids, now),
            )  # fmt: skip
            _lead_on([each for each in wanted if each.asked != each.one.key], now)
        return stored

    stored = again_when_locked(attempt)
    counts.add(stored)
    _count(batch, found, wanted, counts)


def plan_batch(
    batch: Sequence[Imported | Damaged], counts: ImportCounts, now: dt.datetime
) -> None:
    """Count what `store_batch` would do; write nothing."""
    found, wanted = _wanted(batch)
    ones = {each.one.key: each.one for each in wanted}
    marks = marks_of(ones)
    planned = plan_movies(list(ones.values()), locks_of=lambda ids: locks_of(ids, now))
    for key, one in ones.items():
        mark = marks.get(key)
        if mark is None:
            counts.inserted += 1
        elif mark.fetched_at and mark.fetched_at > one.fetched_at:
            counts.older += 1
        elif planned[key].changes:
            counts.updated += 1
        else:
            counts.unchanged += 1
    _count(batch, found, wanted, counts)


def _wanted(batch: Sequence[Imported | Damaged]) -> tuple[list[Imported], list[Imported]]:
    """The bodies that can be taken, and those among them that nobody excluded."""
    found = [each for each in batch if isinstance(each, Imported)]
    unwanted = excluded_keys({key for each in found for key in (each.asked, each.one.key)})
    return found, [each for each in found if not unwanted & {each.asked, each.one.key}]


def _count(
    batch: Sequence[Imported | Damaged],
    found: Sequence[Imported],
    wanted: Sequence[Imported],
    counts: ImportCounts,
) -> None:
    counts.read += len(batch)
    counts.excluded += len(found) - len(wanted)
    # A body that comes twice in a batch is one movie: the earlier is as good as older.
    counts.older += len(wanted) - len({each.one.key for each in wanted})
    for each in batch:
        if isinstance(each, Damaged):
            counts.name(each)


def _lead_on(merged: Collection[Imported], now: dt.datetime) -> None:
    """Ids that are another's by now: their work rows lead there, as where TMDB was asked."""
    if not merged:
        return
    ids = ids_of({key for each in merged for key in (each.asked, each.one.key)})
    for each in merged:
        if each.asked in ids:
            Movie.objects.filter(pk=ids[each.asked]).update(
                upstream_state=UpstreamState.MERGED, merged_into=each.one.key[1]
            )
    settled = [Settled(each.asked, None, Lane.BACKFILL, ids[each.one.key]) for each in merged]
    write_settled(settled, asked_by=AskedBy.OPERATOR, now=now)
