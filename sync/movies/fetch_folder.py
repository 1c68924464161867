"""Whole records of TMDB's into a folder: what is there whole already is not asked for again."""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings

from popflix.engine.answers import Again, Break, Park, Settle, breaks, next_step
from popflix.engine.models import Lane
from popflix.engine.pool import FetchPool, NotStarted, Raised
from popflix.lib.clock import Clock
from popflix.lib.command import StopRequest
from popflix.lib.http import NotFound, UpstreamError
from popflix.lib.progress import Reporter
from sync.movies.asking import images_wanted
from sync.movies.body_folder import BodyFolder
from sync.movies.transform import read_movie
from sync.tmdb.catalogue import CatalogueClient

MOST_NAMED = 100
_LOOK_SECONDS = 0.25


@dataclass
class Order:
    """One id; `ready_at` is when it may be asked for (again), by the monotonic clock."""

    tmdb_id: int
    tries: int = 0
    ready_at: float = 0.0


class Brought(NamedTuple):
    body: bytes
    at: dt.datetime


@dataclass
class FolderCounts:
    """`gone`: TMDB knows no such id; `failed` names the ids that may be asked for again."""

    asked: int = 0
    written: int = 0
    held: int = 0
    gone: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    is_whole: bool = True


class FolderFetch:
    """One command's work: this thread writes, the pool's threads ask."""

    def __init__(
        self,
        client: CatalogueClient,
        folder: BodyFolder,
        media_type: str,
        *,
        stop: StopRequest,
        reporter: Reporter,
        clock: Clock,
    ) -> None:
        self._client, self._folder, self._media_type = client, folder, media_type
        self._stop, self._reporter, self._clock = stop, reporter, clock
        self._images = images_wanted()
        self._waiting: deque[Order] = deque()
        self.counts = FolderCounts()

    def run(self, ids: Sequence[int]) -> FolderCounts:
        """Raises Refused where TMDB does not take the key; what came before it is kept."""
        counts = self.counts
        self._waiting.extend(
            Order(number)
            for number in ids
            if not self._folder.holds_whole(self._media_type, number)
        )
        counts.asked, counts.held = len(ids), len(ids) - len(self._waiting)
        self._reporter.start(len(self._waiting), "records")
        size = settings.TMDB_CONCURRENCY
        with FetchPool(self._ask, size, breaks=breaks) as pool:
            while (self._waiting and not self._stop) or pool.in_flight:
                self._submit(pool)
                self._take(pool)
        counts.is_whole = not self._waiting
        return counts

    def _ask(self, order: Order) -> Brought:
        """In a thread of the pool. What no import could read is an error of the answer."""
        body = self._client.full(self._media_type, order.tmdb_id, Lane.BACKFILL)
        brought = Brought(body, self._clock.now())
        read_movie(body, self._media_type, self._images)
        return brought

    def _submit(self, pool: FetchPool[Order, Brought]) -> None:
        now = self._clock.monotonic()
        for _ in range(len(self._waiting)):
            if self._stop or pool.is_halted or pool.in_flight >= 2 * pool.size:
                return
            order = self._waiting.popleft()
            if order.ready_at > now:
                self._waiting.append(order)
            else:
                pool.submit(order)

    def _take(self, pool: FetchPool[Order, Brought]) -> None:
        if not pool.in_flight:
            pool.is_halted = False
            self._stop.wait(_LOOK_SECONDS if self._waiting else 0)
            return
        finished = pool.outcome(_LOOK_SECONDS)
        while finished is not None:
            self._absorb(*finished)
            finished = pool.outcome(0)

    def _absorb(self, order: Order, outcome: Brought | Raised | NotStarted) -> None:
        if isinstance(outcome, NotStarted):
            self._waiting.appendleft(order)
            return
        step = next_step(
            outcome, tries=order.tries, retries=settings.TMDB_RETRIES, random01=random.random()
        )
        if isinstance(step, Settle):
            self._settle(order, step.result)
        elif isinstance(step, Break):
            raise step.error
        else:
            self._later(order, step)

    def _later(self, order: Order, step: Again | Park) -> None:
        order.tries += isinstance(step, Again)
        seconds = step.in_seconds if isinstance(step, Again) else step.seconds
        order.ready_at = self._clock.monotonic() + seconds
        self._waiting.append(order)

    def _settle(self, order: Order, result: Brought | UpstreamError) -> None:
        is_written = isinstance(result, Brought)
        if isinstance(result, Brought):
            self._folder.write(self._media_type, order.tmdb_id, result.body, fetched_at=result.at)
            self.counts.written += 1
        elif isinstance(result, NotFound):
            self.counts.gone.append(order.tmdb_id)
        else:
            self.counts.failed[order.tmdb_id] = str(result)
        self._reporter.advance(1, ok=int(is_written), failed=int(not is_written))
