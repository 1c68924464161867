"""What a check makes of what was known. Pure.

| known       | the check finds | then                                                          |
|-------------|-----------------|---------------------------------------------------------------|
| nothing     | an answer       | it is known from now on                                       |
| an answer   | the same        | confirmed, and what spoke against it is forgotten             |
| an answer   | the opposite    | the answer stays: looked at again `confirm_hours` later       |
| an answer   | the opposite, again within `confirm_hours` | the same, and the count stays      |
| an answer   | the opposite, again `confirm_hours` later  | flipped: the opposite is known     |
| anything    | unknown         | nothing of that moves; only that a check was made             |
| anything    | (the check is older than the last one)     | nothing at all                     |

So one check alone never takes an answer back, and no check that found nothing does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sync.availability.types import Found


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one movie at one provider (in one region); the columns of Availability.

    `status` is a value of Found, never UNKNOWN, or empty. `agreement_count` is how many checks
    found its opposite since `differs_since`, each of them `confirm_hours` after the one before.
    """

    status: str = ""
    status_since: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    last_outcome: str = ""
    last_checked: dt.datetime | None = None
    agreement_count: int = 0
    differs_since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`is_flip`: `status` is another than before, the first answer of all included.

    `confirm_at`: when what speaks against the status is to be looked at again; None: nothing does.
    """

    state: State
    is_flip: bool = False
    confirm_at: dt.datetime | None = None


def decide(state: State, found: Found, at: dt.datetime, confirm_hours: float) -> Decision:
    """`at` is when the check was answered."""
    wait = dt.timedelta(hours=confirm_hours)
    if state.last_checked is not None and at < state.last_checked:
        return Decision(state, confirm_at=_confirm_at(state, wait))
    seen = replace(state, last_outcome=found.value, last_checked=at)
    if found is Found.UNKNOWN:
        return Decision(seen, confirm_at=_confirm_at(seen, wait))
    if not state.status:
        return Decision(_known(seen, found, at), is_flip=True)
    if state.status == found.value:
        return Decision(replace(seen, confirmed_at=at, agreement_count=0, differs_since=None))
    if state.differs_since is None:
        doubted = replace(seen, agreement_count=1, differs_since=at)
        return Decision(doubted, confirm_at=at + wait)
    if at == state.differs_since or at < state.differs_since + wait:  # one look is no two
        return Decision(seen, confirm_at=state.differs_since + wait)
    return Decision(_known(seen, found, at), is_flip=True)


def _known(state: State, found: Found, at: dt.datetime) -> State:
    return replace(
        state, status=found.value, status_since=at, confirmed_at=at, agreement_count=0,
        differs_since=None,
    )  # fmt: skip


def _confirm_at(state: State, wait: dt.timedelta) -> dt.datetime | None:
    return None if state.differs_since is None else state.differs_since + wait
