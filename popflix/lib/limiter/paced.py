"""The limiter: reserve the next slot in the store, wait it here."""

from __future__ import annotations

import logging
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from popflix.lib.clock import Clock
from popflix.lib.limiter import policy
from popflix.lib.limiter.policy import BucketState, Reply
from popflix.lib.limiter.store import Store
from popflix.lib.limiter.types import Parked, RateState, Reservation
from popflix.lib.limiter.waits import PACING, Waits
from popflix.lib.redact import redact

logger = logging.getLogger(__name__)

_STEP_SECONDS = 0.25  # of a sleep, after which a stop is noticed
_ASK_AGAIN_SECONDS = 1.0  # a long pause may be lifted meanwhile by an operator
_CREEP_EVERY_SECONDS = 2.0
# Who wakes up late meets those behind it. Between 38/s and a hard 40 in any second lie 60 ms:
# these 40 and what the system takes between the look at the clock and the packet.
_LATE_SECONDS = 0.04
_TRIES_IN_TIME = 3
_PAUSE_SECONDS = 0.5  # pacing alone books that far ahead for operators only
_WHOLE = 0.999  # a store may answer with the rate rounded


class _Here:
    """What one process knows and shares among its threads; a fork starts anew."""

    def __init__(self, clock: Clock) -> None:
        self.pid = os.getpid()
        self.turns = [threading.Lock() for _ in range(policy.LANES)]
        self.mine = threading.local()
        self.waits = Waits(clock)
        self.next_slot_at = 0.0  # monotonic; a lower bound, so that few questions are in vain
        self.paused_until = 0.0  # monotonic
        self.pause_reason = ""
        self.slowed = False
        self.creep_at = 0.0


class PacedLimiter:
    """Next-slot pacing over a store. Threads of one lane queue here, so only one of them asks.

    `rate` is the configured one, in requests per second. `stop` is asked at every step of a
    wait; once it is true, waits end in Parked.
    """

    def __init__(
        self,
        name: str,
        rate: float,
        store: Store,
        clock: Clock,
        *,
        stop: Callable[[], bool] = lambda: False,
        random01: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self._rate = rate
        self._store = store
        self._clock = clock
        self._stop = stop
        self._random01 = random01
        self._process = _Here(clock)

    def acquire(self, lane: int = 3, *, longest_wait: float = 5.0) -> float:
        """Wait for a slot of one's own and return the seconds that took.

        Raises Parked, with nothing reserved, when the next slot is further away than
        `longest_wait` seconds (or than the ordinary gap of a very slow rate).
        """
        here, began = self._here(), self._clock.monotonic()
        for _ in range(_TRIES_IN_TIME):
            at, reply = self._reserve_in_turn(here, lane, longest_wait)
            here.mine.cuts = reply.cuts
            self._sleep_until(here, at)
            if self._is_in_time(here, at, reply):
                break
        return self._clock.monotonic() - began

    def reserve(self, lane: int) -> Reservation:
        """Take a slot without waiting for it."""
        horizon = policy.horizon_seconds(lane, policy.LONGEST_PAUSE_SECONDS, 0.0)
        reply = self._ask(self._here(), horizon)
        return Reservation(reply.granted, reply.wait - (0.0 if reply.granted else horizon))

    def penalize(self, retry_after: float | None, why: str) -> float:
        """Tell everybody of a 429; return the seconds until sending resumes.

        It is taken to answer the request for which the calling thread last acquired a slot:
        the 429s of one incident halve the rate once. `why` is kept for the operator.
        """
        here = self._here()
        bucket, now_us = self._store.change(
            lambda bucket, now_us: policy.penalize(
                bucket,
                now_us,
                retry_after=retry_after,
                why=redact(why),
                cuts_when_granted=getattr(here.mine, "cuts", None),
                random01=self._random01(),
            )
        )
        here.slowed = True
        self._learn_pause(here, bucket, now_us)
        return max(0.0, (bucket.next_slot_us - now_us) / policy.US)

    def succeeded(self) -> None:
        """Let a cut rate creep back; free while it is whole, else one transaction per 2 s."""
        here, now = self._here(), self._clock.monotonic()
        if not here.slowed or now < here.creep_at:
            return
        here.creep_at = now + _CREEP_EVERY_SECONDS
        bucket, _ = self._store.change(policy.creep)
        here.slowed = bucket.rate < bucket.allowed_rate or bucket.strikes > 0

    def state(self) -> RateState:
        bucket, now_us = self._store.read()
        ahead = max(0.0, (bucket.next_slot_us - now_us) / policy.US)
        return RateState(bucket.rate, bucket.allowed_rate, ahead, bucket.reason)

    @property
    def waited_seconds(self) -> float:
        """The sum of `waits()`."""
        return sum(self.waits().values())

    def waits(self) -> Mapping[str, float]:
        """Seconds this process held requests back, by reason: `pacing`, or a 429's `why`.

        Threads that wait side by side count once, so no sum exceeds the time that passed.
        """
        return self._here().waits.seconds()

    def close(self) -> None:
        """Drop this process's connections to the store; the next call opens new ones."""
        self._store.close()

    def _here(self) -> _Here:
        # The locks and counters of a parent may be held by threads that a fork left behind.
        if self._process.pid != os.getpid():
            self._process = _Here(self._clock)
        return self._process

    def _reserve_in_turn(self, here: _Here, lane: int, longest_wait: float) -> tuple[float, Reply]:
        """Return the monotonic instant of a slot of ours, and the answer that gave it."""
        with self._turn(here, lane):
            head_since = self._clock.monotonic()
            while True:
                now = self._clock.monotonic()
                horizon = policy.horizon_seconds(lane, longest_wait, now - head_since)
                self._sleep_until(here, min(here.next_slot_at - horizon, now + _ASK_AGAIN_SECONDS))
                reply = self._ask(here, horizon)
                if reply.granted:
                    return self._clock.monotonic() + reply.wait, reply
                self._look_for_a_pause(here, reply)
                if reply.wait > max(longest_wait, reply.gap):
                    raise Parked(reply.wait, here.pause_reason or "its rate is taken")

    @contextmanager
    def _turn(self, here: _Here, lane: int) -> Iterator[None]:
        turn = here.turns[min(max(lane, 0), policy.LANES - 1)]
        while not turn.acquire(timeout=_STEP_SECONDS):
            self._park_if_stopped(0.0)
        try:
            yield
        finally:
            turn.release()

    def _ask(self, here: _Here, horizon: float) -> Reply:
        reply = self._store.reserve(round(horizon * policy.US))
        ahead = reply.wait + (reply.gap if reply.granted else 0.0)
        here.next_slot_at = self._clock.monotonic() + ahead
        if reply.rate < self._rate * _WHOLE:
            here.slowed = True
        return reply

    def _is_in_time(self, here: _Here, at: float, reply: Reply) -> bool:
        """Whether the slot may be used: not after its time, nor within a pause told meanwhile."""
        now = self._clock.monotonic()
        return now - at <= max(_LATE_SECONDS, reply.gap) and now >= here.paused_until

    def _sleep_until(self, here: _Here, at: float) -> None:
        left = at - self._clock.monotonic()
        if left <= 0:
            return
        paused = self._clock.monotonic() < here.paused_until
        with here.waits.during(here.pause_reason if paused else PACING):
            while left > 0:
                self._park_if_stopped(left)
                self._clock.sleep(min(left, _STEP_SECONDS))
                left = at - self._clock.monotonic()

    def _park_if_stopped(self, left: float) -> None:
        if self._stop():
            raise Parked(left, "the run was asked to stop")

    def _look_for_a_pause(self, here: _Here, reply: Reply) -> None:
        slot_at = self._clock.monotonic() + reply.wait
        if reply.wait > _PAUSE_SECONDS + reply.gap and slot_at > here.paused_until:
            self._learn_pause(here, *self._store.read())

    def _learn_pause(self, here: _Here, bucket: BucketState, now_us: int) -> None:
        seconds = (bucket.resume_at_us - now_us) / policy.US
        until = self._clock.monotonic() + seconds
        if seconds <= 0 or until <= here.paused_until + _STEP_SECONDS:
            return
        here.paused_until, here.pause_reason = until, bucket.reason
        logger.info("%s: no request for %.1f s: %s", self.name, seconds, bucket.reason)
