"""Retrying the letters of one group: a sample first where it is asked for, then the rest."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from popflix.engine import pauses, starting
from popflix.engine.context import RunContext
from popflix.engine.creating import Order
from popflix.engine.deadletters.ledger import Entry, Ledger, Stage
from popflix.engine.deadletters.letters import Group, Letter, PutBack, Verdict
from popflix.engine.deadletters.order import RetryOrder
from popflix.engine.deadletters.sample import SIZE, Judgement, judge
from popflix.engine.deadletters.sources import Source
from popflix.engine.models import Run
from popflix.engine.registry import registry as all_units
from popflix.engine.slots import active_keys
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked

LETTERS_A_COMMIT = 50
SAMPLE_WAIT_SECONDS = 20.0  # between two looks at the sample; here they come every second
LONGEST_SAMPLE = dt.timedelta(hours=6)
_ROUNDS = 3  # of filling up the sample


@dataclass(frozen=True)
class GroupRetry:
    """The work on one group."""

    ctx: RunContext
    order: RetryOrder
    ledger: Ledger
    source: Source
    group: Group
    entry: Entry

    # --- the sample -----------------------------------------------------------------------

    def begin_sample(self) -> None:
        """Retry five letters; what cannot be retried is replaced, but not for ever."""

        def begin() -> None:
            sample: list[Letter] = []
            with self._commit():
                for _ in range(_ROUNDS):
                    page = self._page(SIZE - len(sample))
                    if page:
                        done = self.source.hurry(page, by=self.order.by, clock=self.ctx.clock)
                        sample += self._count(page, done)
                    if not page or len(sample) == SIZE:
                        break
                self._keep_sample(sample)

        again_when_locked(begin)

    def _keep_sample(self, sample: Sequence[Letter]) -> None:
        if not self._page(1):
            self.entry.stage = Stage.DONE  # there is no rest that the sample could speak for
        elif len(sample) < SIZE:
            self._stop(f"Of group {self.group.id} too few can be retried now")
        else:
            self.entry.begin_sample(sample, self.ctx.now())

    def judge_sample(self) -> bool:
        """Wait for the sample, and go on or stop as it says; False: return from the body now."""
        sample = self.entry.sample
        while True:
            verdicts = self.source.verdicts(sample)
            judgement = judge(verdicts)
            is_late = self.ctx.now() - self.entry.sampled_at > LONGEST_SAMPLE
            if judgement is not Judgement.WAIT or is_late:
                again_when_locked(functools.partial(self._end_sample, judgement, verdicts))
                return True
            with self._commit():  # somebody must work on the sample
                pass
            if not self.ctx.wait(
                SAMPLE_WAIT_SECONDS,
                f"the first {SIZE} letters of group {self.group.id} are tried",
                until=lambda: judge(self.source.verdicts(sample)) is not Judgement.WAIT,
            ):
                return False

    def _end_sample(self, judgement: Judgement, verdicts: Sequence[Verdict]) -> None:
        passed, failed = verdicts.count(Verdict.PASSED), verdicts.count(Verdict.FAILED)
        with self._commit():
            self.entry.data |= {"passed": passed, "failed": failed}
            if judgement is Judgement.GO_ON:
                self.entry.stage = Stage.GOING
                return
            left = self._stop(f"Only {passed} of {SIZE} letters passed, {failed} failed")
            told = {"group": self.group.id, "error": self.group.text, "left": left}
            self.ctx.milestone("dead-letters.sample-failed", passed=passed, failed=failed, **told)

    # --- the rest -------------------------------------------------------------------------

    def rest(self) -> bool:
        """As many as a minute takes, spread over it; then wait for the next minute."""
        while self.entry.stage is Stage.GOING:
            for first in range(0, self.order.per_minute, LETTERS_A_COMMIT):
                if self.ctx.should_stop():
                    return False
                size = min(LETTERS_A_COMMIT, self.order.per_minute - first)
                again_when_locked(functools.partial(self._chunk, first, size))
                self.ctx.progress(done=self.ledger.done)
                if self.entry.stage is not Stage.GOING:
                    return True
            if not self.ctx.wait(60.0, f"{self.order.per_minute} letters a minute"):
                return False
        return True

    def _chunk(self, first: int, size: int) -> None:
        with self._commit():
            page = self._page(size)
            due = self._spread(first, len(page))
            done = self.source.retry(page, due, by=self.order.by, clock=self.ctx.clock)
            put_back = self._count(page, done)
            if not self._page(1):
                self.entry.stage = Stage.DONE
            elif done.refused and not put_back:
                self._stop(f"Group {self.group.id} cannot be retried now")

    def _spread(self, first: int, count: int) -> list[dt.datetime]:
        """Instants one after the other at the rate that is asked for, from now on."""
        gap = 60.0 / self.order.per_minute
        now = self.ctx.now()
        return [now + dt.timedelta(seconds=int((first + n) * gap)) for n in range(count)]

    # --- both -----------------------------------------------------------------------------

    @contextmanager
    def _commit(self) -> Iterator[None]:
        """One commit that keeps the ledger and has somebody work on what was put back."""
        with self.entry.kept(), self.ctx.commit():
            yield
            self.ledger.save(self.ctx.run_id)
            wake(self.source, self.ctx, self.order.by)

    def _page(self, size: int) -> list[Letter]:
        until = self.ledger.until
        return self.source.letters(self.group, limit=size, after=self.entry.after, before=until)

    def _count(self, page: Sequence[Letter], done: PutBack) -> list[Letter]:
        if page:
            self.entry.count(page, len(done.letters), done.refused)
        return done.letters

    def _stop(self, why: str) -> int:
        """Leave the rest of the group as it is, and say so; returns how many that are."""
        self.entry.stage = Stage.STOPPED
        left = max(int(self.entry.data["letters"]) - int(self.entry.data["retried"]), 0)
        reason = self.entry.data.get("why_refused", "") or self.group.text
        self.entry.data |= {"left": left, "why": why}
        self.ctx.note(f"{why}; the other {left:,} are left as they are: {reason}")
        return left


def wake(source: Source, ctx: RunContext, by: str) -> None:
    """Have somebody work on what was put back, unless somebody does or nobody may."""
    unit = all_units.find(source.unit) if source.unit else None
    if unit is None or pauses.is_paused(source.unit):
        return
    if Run.objects.filter(active_keys(source.unit)).exists():
        return
    order = Order(unit, {}, "retry", on_queue=True, told={"by": by})
    try:
        starting.start(order, ctx.now(), all_units)
    except OperatorError:  # busy just now
        return
