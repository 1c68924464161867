"""What a row ought to say after a sequence of checks, told the long way: from all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sync.availability.types import Found

Check = tuple[Found, dt.datetime]


def status_after(checks: Sequence[Check], confirm_hours: float) -> str:
    """The answer that stands: each one stood from the moment its second witness came."""
    wait = dt.timedelta(hours=confirm_hours)
    answers = [check for check in in_order(checks) if check[0] is not Found.UNKNOWN]
    if not answers:
        return ""
    stands = answers[0][0]
    against: list[dt.datetime] = []
    for found, at in answers[1:]:
        if found is stands:
            against = []
            continue
        against.append(at)
        if at - against[0] >= wait and at > against[0]:  # the same look is no second witness
            stands, against = found, []
    return stands.value


def in_order(checks: Sequence[Check]) -> list[Check]:
    """Without those that came later than a younger one."""
    kept: list[Check] = []
    for check in checks:
        if not kept or check[1] >= kept[-1][1]:
            kept.append(check)
    return kept
