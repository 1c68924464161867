"""What becomes of the work of fetching an id that was no plain success. Pure.

| TMDB said                | the row             | due again             |
|--------------------------|---------------------|-----------------------|
| it knows no such id      | not_found           | after 30 days         |
| something unreadable     | bad_payload: letter | when an operator asks |
| that our request is bad  | rejected: letter    | when an operator asks |
| nothing: a passing fault | waits, by back-off  | soon                  |
| nothing, too often       | gave_up: letter     | when an operator asks |
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from popflix.lib.http.errors import BadPayload, NotFound, Rejected, UpstreamError
from sync.movies.due import GONE_DAYS

NOT_FOUND, BAD_PAYLOAD, REJECTED, GAVE_UP = "not_found", "bad_payload", "rejected", "gave_up"
GIVEN_UP_KINDS = (BAD_PAYLOAD, REJECTED, GAVE_UP)
_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 10.0, 3600.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`is_final`: the row leaves the run, not to be tried again soon."""

    kind: str
    due_at: dt.datetime | None
    attempts: int
    is_final: bool
    words: str


def judge(
    error: UpstreamError, *, attempts: int, max_attempts: int, now: dt.datetime, random01: float
) -> Verdict:
    """`attempts` counts this claim already; `random01` in [0, 1) spreads the back-off."""
    words = str(error)
    if isinstance(error, NotFound):
        return Verdict(NOT_FOUND, now + dt.timedelta(days=GONE_DAYS), 0, True, words)
    if isinstance(error, BadPayload):
        return Verdict(BAD_PAYLOAD, None, 0, True, words)
    if isinstance(error, Rejected):
        return Verdict(REJECTED, None, 0, True, words)
    if attempts >= max_attempts:
        return Verdict(GAVE_UP, None, 0, True, words)
    due_at = now + dt.timedelta(seconds=_back_off(attempts, random01))
    return Verdict("", due_at, attempts, False, words)


def _back_off(attempts: int, random01: float) -> float:
    whole = min(_FIRST_RETRY_SECONDS * 3.0 ** max(attempts - 1, 0), _LONGEST_RETRY_SECONDS)
    return whole * (0.5 + random01 / 2)
