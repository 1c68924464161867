"""Which mirror is asked next, and for how long a sick one is spared. Pure.

Instants are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from popflix.lib.backoff import backoff_seconds

_FAULTS_BORNE = 5  # in a row, before a mirror is spared: one in 400 where a third fails
_BASE_SECONDS, _LONGEST_SECONDS = 5.0, 300.0
_LEAST_SECONDS = 1.0  # back-off has full jitter: none at all would be no pause


@dataclass(frozen=True, slots=True)
class MirrorHealth:
    """`faults` and `limits` count in a row; until `spared_until` the mirror is not asked."""

    spared_until: float = 0.0
    faults: int = 0
    limits: int = 0


def choose_mirror(healths: Sequence[MirrorHealth], turn: int, now: float) -> int | None:
    """The first from `turn` on that may be asked; None where all are spared."""
    count = len(healths)
    rounds = ((turn + step) % count for step in range(count))
    return next((at for at in rounds if healths[at].spared_until <= now), None)


def wait_seconds(healths: Sequence[MirrorHealth], now: float) -> float:
    """Until the first of them may be asked."""
    return max(0.0, min(health.spared_until for health in healths) - now)


def after_answer(health: MirrorHealth) -> MirrorHealth:
    """A pause that another thread's 429 brought meanwhile stays."""
    return MirrorHealth(health.spared_until)


def after_limit(
    health: MirrorHealth, now: float, *, retry_after: float | None, random01: float
) -> MirrorHealth:
    """A 429. Those that come while it is spared already tell of the same incident."""
    is_new = health.spared_until <= now
    if retry_after is None and not is_new:
        return health
    pause = _pause(health.limits, random01) if retry_after is None else retry_after
    return MirrorHealth(
        max(health.spared_until, now + pause), health.faults, health.limits + int(is_new)
    )


def after_fault(health: MirrorHealth, now: float, *, random01: float) -> MirrorHealth:
    """5xx, a time-out, a broken connection."""
    faults = health.faults + 1
    if faults < _FAULTS_BORNE or health.spared_until > now:
        return MirrorHealth(health.spared_until, faults, health.limits)
    pause = _pause(faults - _FAULTS_BORNE, random01)
    return MirrorHealth(now + pause, faults, health.limits)


def _pause(strikes: int, random01: float) -> float:
    jittered = backoff_seconds(strikes, random01, base=_BASE_SECONDS, cap=_LONGEST_SECONDS)
    return max(_LEAST_SECONDS, jittered)
