"""The body of the unit `retry-dead-letters`.

Group after group, in chunks: each chunk puts letters back and keeps the ledger in one commit, so
a run that was killed or handed over repeats nothing. The waits between belong to the run, not
to a worker.
"""

from __future__ import annotations

from popflix.engine.context import RunContext
from popflix.engine.deadletters import sources
from popflix.engine.deadletters.group_retry import GroupRetry, wake
from popflix.engine.deadletters.ledger import Ledger, Stage
from popflix.engine.deadletters.letters import Group
from popflix.engine.deadletters.order import UNIT, RetryOrder, Way
from popflix.engine.deadletters.selecting import meant
from popflix.engine.deadletters.sources import Source
from popflix.lib.errors import OperatorError


def retry_letters(ctx: RunContext) -> dict[str, object]:
    order = RetryOrder(**ctx.params)  # type: ignore[arg-type]
    if order.mode == Way.ONE:
        return _retry_one(ctx, order)
    return _Retrying(ctx, order).run()


def _retry_one(ctx: RunContext, order: RetryOrder) -> dict[str, object]:
    """Raises OperatorError where it is no letter or cannot be retried now."""
    source = sources.find(order.source)
    letter = sources.letter_of(source, order.letter)
    with ctx.commit(done=1, ok=1):
        done = source.hurry([letter], by=order.by, clock=ctx.clock)
        if done.refused:
            raise OperatorError(done.refused[letter.key], "Retry it when that is over.")
        wake(source, ctx, order.by)
    return {"retried": len(done.letters), "refused": 0}


class _Retrying:
    def __init__(self, ctx: RunContext, order: RetryOrder) -> None:
        self.ctx, self.order = ctx, order
        self.ledger = Ledger.load(ctx.run_id, ctx.now())

    def run(self) -> dict[str, object]:
        todo = self._groups()
        self.ctx.progress(total=self.ledger.done + sum(group.count for _, group in todo))
        for source, group in todo:
            if not self._group(source, group):
                return self.ledger.data  # stopped, or to be gone on with later
            self.ctx.progress(done=self.ledger.done)
        self.ledger.close()
        return self.ledger.data

    def _groups(self) -> list[tuple[Source, Group]]:
        """What is meant, the largest groups first; failed retries only where they are named."""
        wanted = self.order.wanted
        found = meant(wanted, self.ledger.until)
        return [pair for pair in found if pair[1].unit != UNIT or wanted.unit == UNIT]

    def _group(self, source: Source, group: Group) -> bool:
        """Retry one group; False: return from the body now."""
        entry = self.ledger.find(group) or self.ledger.open(group)
        part = GroupRetry(self.ctx, self.order, self.ledger, source, group, entry)
        if entry.stage is Stage.GOING and self.order.mode == Way.SAMPLED and not entry.after:
            part.begin_sample()
        if entry.stage is Stage.SAMPLING and not part.judge_sample():
            return False
        return entry.stage is not Stage.GOING or part.rest()
