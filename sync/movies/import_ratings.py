"""Ratings of a source from a file, to the movies that are held; bad rows go to quarantine."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

from django.db import transaction

from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.bulk import Block, BrokenSource, cut_batches, open_source, open_table
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from popflix.lib.people import os_user
from popflix.lib.progress import Reporter
from popflix.lib.quarantine import BadRow, quarantine
from sync.movies.held import IN_ONE_STATEMENT
from sync.movies.models import Movie
from sync.movies.rating_rows import Rated, write_ratings
from sync.movies.ratings import RatingSource
from sync.movies.ratings_file import Form, NoRatings, RatedRow, form_of, read_row

BATCH = 5000
_ENOUGH_TO_JUDGE = 1000
_FROM_LENGTH = 100
_CURE = "Give a CSV or JSON lines with tconst or tmdb_id, rating, and votes if there are any."
Say = Callable[[str], None]


@dataclass
class RatingCounts:
    """`unknown`: rows of movies that are not held."""

    rows: int = 0
    written: int = 0
    unchanged: int = 0
    unknown: int = 0
    quarantined: int = 0


class RatingsImport:
    """One file of one source."""

    def __init__(self, name: str, source: RatingSource, *, keep: bool, clock: Clock) -> None:
        self.counts = RatingCounts()
        self._name, self._source, self._keep, self._clock = name, source, keep, clock

    def take(self, form: Form, blocks: Sequence[Block]) -> None:
        """Raises OperatorError where most rows cannot be taken."""
        now, rows, bad = self._clock.now(), [], []
        for number, line in _lines(blocks):
            try:
                rows.append(read_row(next(form.cells([line]), {}), self._source))
            except ValueError as error:
                bad.append(BadRow(number, str(error), line))
        self.counts.rows += len(rows) + len(bad)
        self.counts.quarantined += len(bad)
        self._store(rows, now)
        if bad and self._keep:
            quarantine(self._name, bad, now=now)
        if self.counts.quarantined > max(_ENOUGH_TO_JUDGE, self.counts.rows / 2):
            raise OperatorError(
                f"More than half of the {self.counts.rows:,} rows of {self._name} read so far "
                f"cannot be taken; line {bad[-1].line}: {bad[-1].reason}.",
                _CURE,
            )

    def _store(self, rows: Sequence[RatedRow], now: dt.datetime) -> None:
        found = list(_movies_of(rows))
        rated = [Rated(pk, row.rating, now, self._name[-_FROM_LENGTH:]) for pk, row in found]

        def attempt() -> int:
            with transaction.atomic():
                return write_ratings(rated)

        written = again_when_locked(attempt) if self._keep else 0
        self.counts.written += written
        self.counts.unchanged += len(rated) - written
        self.counts.unknown += len(rows) - len({id(row) for _, row in found})


def _lines(blocks: Sequence[Block]) -> Iterator[tuple[int, str]]:
    for block in blocks:
        for number, raw in enumerate(block.text.split(b"\n"), block.first):
            if block.count and raw.strip():
                yield number, raw.decode("utf-8", "backslashreplace")


def _movies_of(rows: Sequence[RatedRow]) -> Iterator[tuple[int, RatedRow]]:
    """Each movie that bears a row's id; of an id that several bear, all."""
    by_tconst: defaultdict[str, list[int]] = defaultdict(list)
    by_id: dict[tuple[str, int], int] = {}
    for some in chunk(sorted({row.tconst for row in rows if row.tconst}), IN_ONE_STATEMENT):
        found = Movie.objects.filter(imdb_id__in=some).values_list("imdb_id", "pk")
        for tconst, pk in found:
            by_tconst[tconst].append(pk)
    for some_ids in chunk(sorted({row.tmdb_id for row in rows if row.tmdb_id}), IN_ONE_STATEMENT):
        for media_type in _types(rows):
            held = Movie.objects.filter(media_type=media_type, tmdb_id__in=some_ids)
            by_id |= {(media_type, number): pk for number, pk in held.values_list("tmdb_id", "pk")}
    for row in rows:
        key = (row.media_type or "movie", row.tmdb_id)
        theirs = (
            by_tconst.get(row.tconst, []) if row.tconst else [by_id[key]] if key in by_id else []
        )
        yield from ((pk, row) for pk in theirs)


def _types(rows: Collection[RatedRow]) -> list[str]:
    return sorted({row.media_type or "movie" for row in rows})


def import_ratings(
    where: str,
    source: str,
    *,
    dry_run: bool,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Raises OperatorError where the file is no such table, breaks off, or most of it is bad."""
    with open_source(where) as opened:
        work = RatingsImport(opened.name, RatingSource(source), keep=not dry_run, clock=clock)
        reporter.start(None, f"{opened.name}, rows")
        try:
            table = open_table(opened.pieces())
            form = form_of(table.header)
            first = [Block(table.header.encode(), 1, 1)] if form.columns is None else []
            for blocks in cut_batches(chain(first, table.blocks), BATCH):
                if stop:
                    break
                before = work.counts.rows
                work.take(form, blocks)
                reporter.advance(work.counts.rows - before)
        except NoRatings as error:
            raise OperatorError(f"{opened.name} {error}.", _CURE) from None
        except BrokenSource as broken:
            raise OperatorError(
                f"{opened.name} breaks off after {work.counts.rows:,} rows: {broken}.",
                "Get it again and repeat the command; what was read is kept.",
            ) from None
        finally:
            reporter.close()
    return _report(work.counts, opened.name, source, dry_run, stop, say, clock)


def _report(
    counts: RatingCounts,
    name: str,
    source: str,
    dry_run: bool,
    stop: StopRequest,
    say: Say,
    clock: Clock,
) -> Report:
    told = asdict(counts)
    if counts.written:
        audit.record(
            os_user(), "import ratings", at=clock.now(), target=f"{source} from {name}",
            count=counts.written, details=told,
        )  # fmt: skip
    say(
        f"{counts.rows:,} rows: {counts.written:,} written, {counts.unchanged:,} "
        f"{'of movies that are held' if dry_run else 'there already'}, {counts.unknown:,} of "
        f"movies that are not held, {counts.quarantined:,} in quarantine."
    )
    data = {"file": name, "source": source, **told, "stopped": bool(stop), "dry_run": dry_run}
    return Report(
        data, stopped_by=stop.signal_number, how_to_go_on="The same command goes on; it compares."
    )
