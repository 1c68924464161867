"""One feed into staging: read whole into the load table, then shown by difference.

    open_source → Envelope → Mapper → Loader → duplicates → staging → LoadSlice

Until the feed is read to its end, nothing but the load table is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction

from popflix.lib.bulk import BrokenSource, Source, Target, modest_cache, open_loader, open_source
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.quarantine import BadRow, quarantine
from popflix.lib.redact import redact
from reconcile.feed import outcome
from reconcile.feed.capacity import capacity
from reconcile.feed.emptying import empty
from reconcile.feed.envelope import WINDOW_BYTES, NoFeed
from reconcile.feed.feeds import Feed
from reconcile.feed.lease import Lease, LeaseLost
from reconcile.feed.mapping import COLUMNS, Mapper
from reconcile.feed.models import LINES_A_LOAD, Load, LoadRow, LoadState
from reconcile.feed.models import Source as SourceRow
from reconcile.feed.reading import FeedBatch, batches, open_envelope
from reconcile.feed.slicing import SliceCounts
from reconcile.feed.staging import Commit, Staged, finish_broken, stage

BATCH_ROWS = 10_000
MOST_BATCH_ROWS = 50_000
_MOST_BAD_HELD = 1000  # rows that wait in memory until the feed is known to be whole
_TARGET = Target(LoadRow._meta.db_table, ("id", *COLUMNS), "id")
EMPTY = "It lists no show at all."
_LOOK_AT_IT = "Look at what the address or the file gives; staging is as it was."


@dataclass
class LoadResult:
    """What a load came to. All of `read` are staged, merged or quarantined, unless it is held."""

    source: str
    load_id: int | None = None
    read: int = 0
    staged: int = 0
    merged: int = 0
    quarantined: int = 0
    folds: int = 0
    changes: Staged = field(default_factory=Staged)
    held: str = ""  # why nothing was staged
    is_stopped: bool = False


@dataclass(frozen=True)
class Reading:
    """How to read, whom to ask and whom to tell. `progress` gets rows read so far."""

    clock: Clock
    batch_size: int = BATCH_ROWS
    run_id: int | None = None
    must_stop: Callable[[], bool] = lambda: False
    progress: Callable[[int], object] = lambda rows: None
    commit: Commit = transaction.atomic


def load_feed(feed: Feed, shown: str, lease: Lease, how: Reading) -> LoadResult:
    """Load one feed, whose lease is held; `shown` is its place as everybody may read it.

    Raises OperatorError where it is no feed, is cut off or cannot be reached; staging is as it
    was then.
    """
    now = how.clock.now()
    finish_broken(feed.name, now, lease.prolong)
    load = Load.objects.create(
        source=feed.name, where=shown[:500], started_at=now, run_id=how.run_id, zone=feed.zone,
        times=feed.times.value,
    )  # fmt: skip
    reader = _Reader(feed, load, lease, how)
    try:
        with modest_cache(connection), open_source(feed.where) as source:
            return reader.read(source)
    except LeaseLost:
        raise  # whoever has it now ends this load
    except Exception as error:
        if load.read_at is None:
            reader.give_up(str(getattr(error, "cause", error)))
        raise


class _Reader:
    def __init__(self, feed: Feed, load: Load, lease: Lease, how: Reading) -> None:
        self.feed, self.load, self.lease, self.how = feed, load, lease, how
        self.result = LoadResult(feed.name, load.pk)
        self.mapper = Mapper(feed.times, outcome.zones_for(feed), capacity())
        self._bad: list[BadRow] = []
        self._slices: SliceCounts | None = SliceCounts()

    def read(self, source: Source) -> LoadResult:
        with told_of(source.name):
            self._fill(source)
        if self.result.is_stopped:
            self.give_up("It was stopped while the feed was read.")
            return self.result
        if not self.result.staged:
            self._hold()
            return self.result
        self._close_reading()
        self.result.changes = stage(
            self.load, self.how.clock.now(), self.how.commit, self.lease.prolong
        )
        self.result.staged, self.result.merged = self.load.staged_count, self.load.merged_count
        self.result.quarantined = self.load.quarantined_count
        return self.result

    def give_up(self, why: str) -> None:
        """Staging stays as it is, and so does quarantine."""
        outcome.forget_newer(self.load, self.load.started_at)
        self._end(LoadState.FAILED, why)

    def _fill(self, source: Source) -> None:
        base = self.load.pk * LINES_A_LOAD
        envelope = open_envelope(source.pieces(WINDOW_BYTES))
        read = batches(envelope, self.mapper, base, self.how.batch_size)
        with (
            open_loader(_TARGET) as loader,
            closing(loader.prepared(read)) as prepared,
        ):
            for each in prepared:
                if self.how.must_stop():
                    self.result.is_stopped = True
                    return
                self.lease.prolong()
                refused = {row.number: row.reason for row in loader.load(each).refused}
                self._count(each.batch, refused)

    def _count(self, batch: FeedBatch, refused: dict[int, str]) -> None:
        if refused:
            self._slices = None
        if self._slices is not None:
            self._slices.add(batch.rows)
        bad = [*batch.bad, *batch.refused(refused, self.mapper)]
        self._bad += bad
        if len(self._bad) > _MOST_BAD_HELD:
            self._flush_bad()
        result = self.result
        result.read += batch.read
        result.quarantined += len(bad)
        result.staged += batch.read - len(bad)
        self.how.progress(result.read)

    def _flush_bad(self) -> None:
        quarantine(
            self.load.source, self._bad, now=self.load.started_at, run_id=self.load.run_id,
            reader=outcome.READER,
        )  # fmt: skip
        self._bad = []

    def _hold(self) -> None:
        if self.result.read:
            self.result.held = all_bad(self.result.read)
            self._flush_bad()
        else:
            self.result.held = EMPTY
        self._end(LoadState.HELD, self.result.held)

    def _end(self, state: LoadState, why: str) -> None:
        load = self.load
        empty(load)
        load.state, load.finished_at, load.error = state, self.how.clock.now(), redact(why)
        load.read_count = self.result.read
        load.quarantined_count = self.result.quarantined if state is LoadState.HELD else 0
        load.save()

    def _close_reading(self) -> None:
        """From here on whoever comes next can finish it."""
        load, now = self.load, self.how.clock.now()
        self.lease.prolong()
        with self.how.commit():
            self._flush_bad()
            outcome.forget_older(load, load.started_at)
            load.read_count, load.quarantined_count = self.result.read, self.result.quarantined
            load.read_at = now
            if self._slices is not None:
                self._slices.store(load)
            load.save()
            outcome.learn(load, self.mapper.names, now)
            SourceRow.objects.filter(name=load.source).update(
                zone=self.feed.zone, times=self.feed.times.value
            )
        self.result.folds = self.mapper.folds


def all_bad(rows: int) -> str:
    return f"None of its {rows:,} rows can be read."


@contextmanager
def told_of(name: str) -> Iterator[None]:
    """What breaks the reading of a feed, as one sentence and one cure."""
    try:
        yield
    except NoFeed as error:
        raise OperatorError(f"{name} is no feed of shows: {error}.", _LOOK_AT_IT) from None
    except BrokenSource as error:
        raise OperatorError(f"{name} breaks off: {error}.", _LOOK_AT_IT) from None
