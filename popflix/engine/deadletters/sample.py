"""Whether the rest of a group is retried, given what became of its first letters. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from popflix.engine.deadletters.letters import Verdict

SIZE = 5
MUST_PASS = 4


class Judgement(StrEnum):
    WAIT = "wait"
    GO_ON = "go on"
    STOP = "stop"


def judge(verdicts: Sequence[Verdict]) -> Judgement:
    """Decided as soon as it can be: four that pass, or two that fail. For a full sample only."""
    passed = sum(verdict is Verdict.PASSED for verdict in verdicts)
    failed = sum(verdict is Verdict.FAILED for verdict in verdicts)
    if passed >= MUST_PASS:
        return Judgement.GO_ON
    if failed > SIZE - MUST_PASS:
        return Judgement.STOP
    return Judgement.WAIT
