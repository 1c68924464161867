"""Fetch concurrently, decide purely, write in one place.

    claim -> ready -> pool -> results -> settle      one transaction under the fence
               ^       |
               +- delayed                            retryable faults, by back-off
                                                     ... and whatever is left -> give_back

One thread, the writer, does all of it but the fetching. What is claimed and not yet settled or
given back never exceeds `batch_size`, but for what is urgent, so a kill wastes no more requests
than that; the pool stays full across batches, because the next items are claimed while results
still come in. Nobody sleeps in the pool: an item that must wait lies in the heap of delayed ones.

A pipeline *halts* when no further fetch may start: a stop, a wait too long to be held here, or an
error. What is in flight then comes home and is settled, and the rest is given back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from django.db import InterfaceError, OperationalError

from popflix.engine.answers import Again, Break, Park, Settle, breaks, next_step
from popflix.engine.context import FenceLost, RunContext, StopReason
from popflix.engine.ending import Ending
from popflix.engine.hold import Hold, Ticket
from popflix.engine.pool import FetchPool, NotStarted, Raised
from popflix.engine.source import Counts, End, Fetched, Item, PipelineEnd, Source
from popflix.lib.locks import again_when_locked

__all__ = ["Counts", "End", "PipelineEnd", "Source", "run_pipeline"]

LOOK_SECONDS = 0.25  # how late a signal is noticed
URGENT_SECONDS = 1.0  # between two looks for what somebody waits for
DRY_SECONDS = 1.0  # pause between claims while the source gives less than asked for
POISON_SECONDS = 3600.0  # an item that breaks the code steps aside, else it breaks every run


@dataclass(frozen=True)
class _Options(Generic[Item]):
    batch_size: int
    retries: int
    limit: int | None
    commit_every_seconds: float
    on_progress: Callable[[PipelineEnd], None] | None
    random01: Callable[[], float]
    claim_urgent: Callable[[int], Sequence[Item]] | None


def run_pipeline(
    ctx: RunContext,
    source: Source[Item, Fetched],
    *,
    concurrency: int,
    batch_size: int,
    retries: int,
    limit: int | None = None,
    commit_every_seconds: float = 1.0,
    lease_seconds: float = 60.0,
    on_progress: Callable[[PipelineEnd], None] | None = None,
    random01: Callable[[], float] = random.random,
    claim_urgent: Callable[[int], Sequence[Item]] | None = None,
) -> PipelineEnd:
    """Work until nothing is due, `limit` items were claimed, or something halts it.

    `retries` is how often one item is fetched again within its claim, `lease_seconds` how long
    the source's leases last (they are renewed at half of it), `on_progress` is called after
    each commit with the figures so far. `claim_urgent(limit)` is asked once a second, beside
    what is held already, for items that go before all others and are stored at once: where
    batches are large somebody would wait long. Raises FenceLost (nothing is given back: it is
    no longer ours), and `Refused` or any other error of the source after settling what is done
    and giving back the rest.
    """
    options: _Options[Item] = _Options(
        batch_size, retries, limit, commit_every_seconds, on_progress, random01, claim_urgent
    )
    hold: Hold[Item, Fetched] = Hold(lease_seconds / 2)
    pool: FetchPool[Ticket[Item], Fetched] = FetchPool(
        lambda ticket: source.fetch(ticket.item), concurrency, breaks=breaks
    )
    with pool:
        return _Pipeline(ctx, source, pool, hold, options).run()


class _Pipeline(Generic[Item, Fetched]):
    def __init__(
        self,
        ctx: RunContext,
        source: Source[Item, Fetched],
        pool: FetchPool[Ticket[Item], Fetched],
        hold: Hold[Item, Fetched],
        options: _Options[Item],
    ) -> None:
        self.ctx, self.source, self.options = ctx, source, options
        self.pool, self.hold = pool, hold
        self.ending = Ending()
        self.counts = Counts()
        self.claimed = self.fetches = self.retries = self.given_back = 0
        self.may_fly = pool.size  # fewer while our own threads crowd the limiter
        self.next_claim_at = self.next_look_at = 0.0

    def run(self) -> PipelineEnd:
        while self.ending.end is None or self.pool.in_flight:
            try:
                self._turn()
            except FenceLost:
                raise
            except Exception as error:
                self.ending.halt_by(error)
                self._take_results()  # so that a turn which fails for ever still ends
        self._wind_up()
        if self.ending.error is not None:
            raise self.ending.error
        return self._figures()

    def _turn(self) -> None:
        self._look_for_stop()
        self._submit()  # before the writer is busy, so that no thread waits for it
        if self._is_commit_due():
            self._commit()
        self._claim_urgent()
        self._claim()
        self._submit()
        self._renew()
        self.pool.is_halted |= self.ending.end is not None
        self._take_results()

    def _monotonic(self) -> float:
        return self.ctx.clock.monotonic()

    # --- feeding the pool ---------------------------------------------------------------

    def _look_for_stop(self) -> None:
        must_stop = self.ctx.should_stop()
        if self.ctx.stop_reason is StopReason.LOST:
            raise FenceLost(self.ctx.run_id, self.ctx.fence)
        if must_stop:
            self.ending.halt(End.STOPPED, why=str(self.ctx.stop_reason))

    def _claim(self) -> None:
        """Top up when the pool's next items are not at hand; find out that all is done."""
        if self.ending.end is not None or self.hold.ready() >= self.pool.size:
            return
        wanted = min(self.options.batch_size - len(self.hold), self._left_to_claim())
        now = self._monotonic()
        if wanted > 0 and (not self.hold or now >= self.next_claim_at):
            got = self.hold.add(self.source.claim(wanted), leased_at=now)
            self.claimed += got
            self.next_claim_at = now + DRY_SECONDS if got < wanted else now
        if not self.hold:
            self.ending.halt(End.DONE if self._left_to_claim() else End.LIMIT)

    def _claim_urgent(self) -> None:
        """Only while the pool is busy with others: else the next claim brings it as well."""
        claim, now = self.options.claim_urgent, self._monotonic()
        is_idle = self.ending.end is not None or not self.hold
        if claim is None or is_idle or now < self.next_look_at:
            return
        self.next_look_at = now + URGENT_SECONDS
        wanted = min(self.pool.size, self._left_to_claim())
        if wanted > 0:
            self.claimed += self.hold.add_first(claim(wanted), leased_at=now)

    def _left_to_claim(self) -> int:
        limit = self.options.limit
        return self.options.batch_size if limit is None else limit - self.claimed

    def _submit(self) -> None:
        # Orders ahead: threads go on while the writer commits, which may take it a second.
        ahead = self.pool.size * 3 // 2 if self.may_fly == self.pool.size else 0
        orders = self.may_fly + ahead
        while self.ending.end is None and self.pool.in_flight < orders:
            ticket = self.hold.next_ready(self._monotonic())
            if ticket is None:
                return
            self.pool.submit(ticket)

    def _renew(self) -> None:
        old = self.hold.leases_to_renew(self._monotonic())
        if old:
            self.source.renew([ticket.item for ticket in old])

    # --- what comes back ----------------------------------------------------------------

    def _take_results(self) -> None:
        if not self.pool.in_flight:
            return self._sleep_until_ready()
        finished = self.pool.outcome(LOOK_SECONDS)
        while finished is not None:
            self._absorb(*finished)
            finished = self.pool.outcome(0)
        return None

    def _sleep_until_ready(self) -> None:
        seconds = self.hold.seconds_to_next(self._monotonic())
        if seconds and self.ending.end is None and not self.hold.results:
            self.ctx.pause(min(seconds, LOOK_SECONDS))

    def _absorb(self, ticket: Ticket[Item], outcome: Fetched | Raised | NotStarted) -> None:
        if isinstance(outcome, NotStarted):
            self.hold.put_back(ticket)
            return
        self.fetches += 1
        retries, random01 = self.options.retries, self.options.random01()
        step = next_step(outcome, tries=ticket.tries, retries=retries, random01=random01)
        if isinstance(step, Settle):
            self.may_fly = min(self.pool.size, self.may_fly + 1)
            self.hold.keep(ticket, step.result, self._monotonic())
        elif isinstance(step, Again):
            self._retry(ticket, step.in_seconds)
        elif isinstance(step, Park):
            self._park(ticket, step)
        else:
            self._break(ticket, step)
        # The pool may have halted itself for an error that proved to be harmless.
        self.pool.is_halted = self.ending.end is not None

    def _retry(self, ticket: Ticket[Item], in_seconds: float) -> None:
        if self.ending.end is not None:
            return  # it is given back with the rest
        ticket.tries += 1
        self.retries += 1
        self.hold.delay(ticket, self._monotonic() + in_seconds)

    def _park(self, ticket: Ticket[Item], step: Park) -> None:
        if step.may_be_crowd and self.pool.in_flight and self.ending.end is None:
            self.hold.put_back(ticket)
            self.may_fly = max(1, self.may_fly - 1)
        else:
            self.ending.halt(End.PARKED, seconds=step.seconds, why=step.why)

    def _break(self, ticket: Ticket[Item], step: Break) -> None:
        if step.is_poison:
            self.hold.poison.append(ticket)
        self.ending.halt_by(step.error)

    # --- writing ------------------------------------------------------------------------

    def _is_commit_due(self) -> bool:
        if not self.hold.results:
            return False
        is_idle = not self.pool.in_flight and not self.hold.ready()
        is_enough = len(self.hold.results) >= max(1, self.options.batch_size // 2)
        age = self.hold.oldest_result_age(self._monotonic())
        is_old = age >= self.options.commit_every_seconds
        return is_idle or is_enough or is_old or self.hold.has_urgent_results()

    def _commit(self) -> None:
        results = self.hold.take_results()
        if not results:
            return
        tickets = [ticket for ticket, _ in results]
        pairs = [(ticket.item, outcome) for ticket, outcome in results]
        try:
            counts = again_when_locked(lambda: self.source.settle(self.ctx, pairs))
        except (FenceLost, OperationalError, InterfaceError):
            raise  # of the database's making: the rows are as good as before
        except Exception:
            self.hold.poison += tickets
            raise
        self.hold.drop(tickets)
        self.counts += counts
        if self.options.on_progress is not None:
            self.options.on_progress(self._figures())

    def _wind_up(self) -> None:
        """Settle what came home, give back the rest; a second error does not hide the first."""
        for step in (self._commit, self._give_back_poison, self._give_back_rest):
            try:
                step()
            except FenceLost:
                raise
            except Exception as error:
                self.ending.halt_by(error)

    def _give_back_poison(self) -> None:
        self._give_back(self.hold.poison, POISON_SECONDS)

    def _give_back_rest(self) -> None:
        self._give_back(self.hold.rest(), self.ending.parked_seconds)

    def _give_back(self, tickets: Sequence[Ticket[Item]], due_in_seconds: float) -> None:
        if not tickets:
            return
        items = [ticket.item for ticket in tickets]
        self.source.give_back(self.ctx, items, due_in_seconds=due_in_seconds, why=self.ending.why)
        self.given_back += len(items)

    def _figures(self) -> PipelineEnd:
        return PipelineEnd(
            self.ending.end or End.DONE,
            self.counts,
            self.claimed,
            self.fetches,
            self.retries,
            self.given_back,
            self.ending.parked_seconds,
            self.ending.why,
        )
