"""What becomes of an item, given what its fetch ended with. Values in, values out.

| a fetch ends with                                   | the item                              |
|-----------------------------------------------------|---------------------------------------|
| an answer, or an error no other try would mend      | is settled                            |
| a fault that passes, tries left                     | is fetched again after a back-off     |
| a fault that passes, no tries left                  | is settled with the fault             |
| a wait that is too long to be held                  | is given back, and the run parks      |
| a refusal of our key                                | is given back, and the run breaks     |
| any other exception: a bug                          | steps aside, and the run breaks       |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from popflix.engine.pool import Raised
from popflix.engine.source import Fetched
from popflix.lib.backoff import backoff_seconds
from popflix.lib.http import RateLimited, Refused, UpstreamError
from popflix.lib.limiter import Parked

LONGEST_HOLD_SECONDS = 5.0  # a limit that lasts longer parks the run
CROWDED_SECONDS = 10.0  # a slot this near is hidden only by our own threads waiting for theirs


@dataclass(frozen=True, slots=True)
class Settle(Generic[Fetched]):
    result: Fetched | UpstreamError


@dataclass(frozen=True, slots=True)
class Again:
    in_seconds: float


@dataclass(frozen=True, slots=True)
class Park:
    """`may_be_crowd`: with fewer of our own threads the slot would be near enough."""

    seconds: float
    why: str
    may_be_crowd: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    error: BaseException
    is_poison: bool


def next_step(
    outcome: Fetched | Raised, *, tries: int, retries: int, random01: float
) -> Settle[Fetched] | Again | Park | Break:
    """`tries`: how often the item was fetched again so far; `random01`: the back-off's jitter."""
    if not isinstance(outcome, Raised):
        return Settle(outcome)
    error = outcome.error
    if isinstance(error, Parked):
        return Park(error.wait_seconds, error.why, error.wait_seconds <= CROWDED_SECONDS)
    if not isinstance(error, UpstreamError) or isinstance(error, Refused):
        return Break(error, is_poison=not isinstance(error, Refused))
    if not error.retryable or tries >= retries:
        return Settle(error)
    asked = (error.wait_seconds or error.retry_after) if isinstance(error, RateLimited) else None
    if asked and asked > LONGEST_HOLD_SECONDS:
        return Park(asked, str(error))
    return Again(asked or backoff_seconds(tries, random01))


def breaks(error: BaseException) -> bool:
    """Whether no further fetch should start before the writer has seen this error."""
    raised: object | Raised = Raised(error)
    step = next_step(raised, tries=0, retries=1, random01=0.0)
    return isinstance(step, Park | Break)
