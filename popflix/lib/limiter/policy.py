"""The limiter's rules, pure: what a reservation, a 429, a success and a new setting change.

Next-slot pacing: each request takes the next free slot, `GAP_FACTOR / rate` after the one
before. Bursts never happen, so no sliding second holds more than the rate (measured: every
limiter that allows a full burst breaks it by start-up jitter).

Instants are integer microseconds of the store's clock since 1970; durations are seconds unless
the name ends in `_us`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from popflix.lib.backoff import backoff_seconds

US = 1_000_000
GAP_FACTOR = 1.01  # 1 % below the allowed rate leaves room for late wake-ups
FLOOR_RATE = 1.0  # requests per second that a cut never goes below
LONGEST_PAUSE_SECONDS = 300.0
# A slot further away than any pause can only come from a clock that was set back.
FURTHEST_SLOT_US = 600 * US
CUTS_MODULUS = 4096  # `cuts` travels modulo this, packed with the wait into one integer
CREEP_PER_SECOND = 0.05  # of the allowed rate: a halved rate is whole again after 10 s
LONGEST_CREEP_SECONDS = 5.0  # one step never counts more: an idle hour proves nothing

LANES = 4  # 0 operator, 1 on sale, 2 schedule, 3 backfill
OPERATOR_LANE = 0
# How far ahead of now a lane may book. A backfill never books further than 0.15 s, so an
# operator's request, which may book as far as it is willing to wait, comes right after that.
_HORIZON_SECONDS = {1: 0.25, 2: 0.20, 3: 0.15}
_AGES_AFTER_SECONDS = 2.0
_AGEING = 0.5  # horizon gained per second of waiting at the head of the lane


@dataclass(frozen=True, slots=True)
class BucketState:
    """One upstream's rate as its store keeps it (the columns of Bucket)."""

    next_slot_us: int
    rate: float
    allowed_rate: float
    cut_at_us: int = 0
    resume_at_us: int = 0
    crept_at_us: int = 0
    cuts: int = 0
    strikes: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A store's answer: the next free slot is `wait_us` away; `granted` says whether it is ours.

    `rate` is the one in force; `cuts` (modulo CUTS_MODULUS) names the incident-free stretch the
    slot belongs to.
    """

    granted: bool
    wait_us: int
    rate: float
    cuts: int

    @property
    def wait(self) -> float:
        return self.wait_us / US

    @property
    def gap(self) -> float:
        return GAP_FACTOR / self.rate


def fresh(rate: float) -> BucketState:
    return BucketState(next_slot_us=0, rate=rate, allowed_rate=rate)


def gap_us(rate: float) -> int:
    return math.ceil(GAP_FACTOR * US / rate)


def horizon_seconds(lane: int, longest_wait: float, head_waited: float) -> float:
    """How far ahead the head of `lane` may book after `head_waited` seconds at the head.

    Ageing: a head that is passed over gains horizon until it equals the operator's, so that no
    lane starves while a higher one is never idle.
    """
    if lane <= OPERATOR_LANE:
        return longest_wait
    base = _HORIZON_SECONDS.get(lane, _HORIZON_SECONDS[3])
    return min(longest_wait, base + _AGEING * max(0.0, head_waited - _AGES_AFTER_SECONDS))


def reserve(bucket: BucketState, now_us: int, horizon_us: int) -> tuple[BucketState, Reply]:
    """Take the next slot if it is no further than the horizon; the bucket is unchanged if not."""
    slot = max(_sane(bucket.next_slot_us, now_us), now_us)
    granted = slot - now_us <= horizon_us
    reply = Reply(granted, slot - now_us, bucket.rate, bucket.cuts % CUTS_MODULUS)
    if not granted:
        return bucket, reply
    return replace(bucket, next_slot_us=slot + gap_us(bucket.rate)), reply


def penalize(
    bucket: BucketState,
    now_us: int,
    *,
    retry_after: float | None,
    why: str,
    cuts_when_granted: int | None,
    random01: float,
) -> BucketState:
    """A 429: everybody waits, and the rate is halved once per incident.

    The refused request began a new incident only if no cut came after its slot was granted;
    where the slot is unknown, only if sending had resumed. The pause is `retry_after` clamped
    to [0, 300], else exponential back-off over consecutive incidents with full jitter.
    """
    if cuts_when_granted is None:
        incident = now_us >= _sane(bucket.resume_at_us, now_us)
    else:
        incident = cuts_when_granted == bucket.cuts % CUTS_MODULUS
    pause = _pause_seconds(retry_after, incident, bucket.strikes, random01)
    resume_at_us = now_us + round(pause * US)
    paused = replace(
        bucket,
        next_slot_us=max(_sane(bucket.next_slot_us, now_us), resume_at_us),
        resume_at_us=max(_sane(bucket.resume_at_us, now_us), resume_at_us),
        reason=why[:200],
    )
    if not incident:
        return paused
    return replace(
        paused,
        rate=max(min(FLOOR_RATE, bucket.allowed_rate), bucket.rate / 2),
        cut_at_us=now_us,
        cuts=bucket.cuts + 1,
        strikes=bucket.strikes + 1,
    )


def creep(bucket: BucketState, now_us: int) -> BucketState:
    """A success: raise a cut rate by the time since it was last changed, up to the allowed."""
    since_us = max(_sane(bucket.resume_at_us, now_us), _sane(bucket.crept_at_us, now_us))
    whole = bucket.rate >= bucket.allowed_rate and not bucket.strikes
    if whole or now_us <= since_us:
        return bucket
    seconds = min((now_us - since_us) / US, LONGEST_CREEP_SECONDS)
    rate = min(bucket.allowed_rate, bucket.rate + CREEP_PER_SECOND * seconds * bucket.allowed_rate)
    reason = "" if rate >= bucket.allowed_rate else bucket.reason
    return replace(bucket, rate=rate, crept_at_us=now_us, strikes=0, reason=reason)


def configure(bucket: BucketState, rate: float) -> BucketState:
    """A new setting: a whole rate follows it, a cut one keeps creeping towards it."""
    if bucket.allowed_rate == rate:
        return bucket
    whole = bucket.rate >= bucket.allowed_rate
    return replace(bucket, allowed_rate=rate, rate=rate if whole else min(bucket.rate, rate))


def _pause_seconds(
    retry_after: float | None, incident: bool, strikes: int, random01: float
) -> float:
    if retry_after is not None:
        return min(max(retry_after, 0.0), LONGEST_PAUSE_SECONDS)
    # The other requests in flight tell of the same incident: it is waited for once.
    return backoff_seconds(strikes, random01) if incident else 0.0


def _sane(at_us: int, now_us: int) -> int:
    return at_us if at_us <= now_us + FURTHEST_SLOT_US else now_us
