"""The engine's view of the work: claim rows, ask TMDB, settle a batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from popflix.engine.context import RunContext
from popflix.engine.row_leases import RowLeases
from popflix.engine.source import Counts
from popflix.lib.http import BadPayload, NotFound, Rejected, UpstreamError
from sync.links.decide import Answer, Failure, Fault, Kind, Outcome, Policy, is_settled
from sync.links.lookup import LookUp, Question
from sync.links.models import Enrichment
from sync.links.store import apply_outcomes, load_questions

Fetched = Answer | Failure


class LinkSource:
    """`only` narrows the work to these titles."""

    def __init__(
        self,
        ctx: RunContext,
        look_up: LookUp,
        policy: Policy,
        *,
        lease_seconds: float,
        only: Collection[str] | None = None,
    ) -> None:
        self._look_up = look_up
        self._policy = policy
        self._leases = RowLeases(
            ctx, Enrichment, lease_seconds, only=only, leaves_clicks=only is None
        )

    def claim(self, limit: int) -> list[Question]:
        keys, token = self._leases.claim(limit)
        return load_questions(keys, token) if keys else []

    def fetch(self, item: Question) -> Fetched:
        return self._look_up.ask(item)

    def settle(
        self, ctx: RunContext, results: Sequence[tuple[Question, Fetched | UpstreamError]]
    ) -> Counts:
        outcomes = [(question, outcome_of(result)) for question, result in results]
        counts = self._expected(outcomes)
        with ctx.commit(done=counts.done, ok=counts.ok, failed=counts.failed):
            apply_outcomes(outcomes, run_id=ctx.run_id, now=ctx.now(), policy=self._policy)
        return counts

    def _expected(self, outcomes: Sequence[tuple[Question, Outcome]]) -> Counts:
        """Known before the commit, whose first statement adds them to the run."""
        settled = [
            outcome
            for question, outcome in outcomes
            if is_settled(outcome, question.attempts, self._policy)
        ]
        ok = sum(isinstance(outcome, Answer) for outcome in settled)
        left = len(outcomes) - len(settled)
        return Counts(done=len(settled), ok=ok, failed=len(settled) - ok, pending=left)

    def give_back(
        self, ctx: RunContext, items: Sequence[Question], *, due_in_seconds: float, why: str
    ) -> None:
        keys = [question.tconst for question in items]
        self._leases.give_back(keys, due_in_seconds=due_in_seconds)

    def renew(self, items: Sequence[Question]) -> None:
        self._leases.renew([question.tconst for question in items])


def outcome_of(result: Fetched | UpstreamError) -> Outcome:
    """What a fetch ended with, as a decision takes it."""
    if isinstance(result, BadPayload):
        return Failure(Kind.BAD_PAYLOAD, str(result))
    if isinstance(result, Rejected | NotFound):
        return Failure(Kind.REJECTED, str(result))
    if isinstance(result, UpstreamError):
        return Fault(str(result))
    return result
