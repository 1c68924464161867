"""A provider's mirrors in rotation, shared by the threads that ask it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.limiter import Parked
from sync.availability.rotation import (
    MirrorHealth,
    after_answer,
    after_fault,
    after_limit,
    choose_mirror,
    wait_seconds,
)
from sync.availability.template import base_and_rest, label_of
from sync.availability.types import ProviderConfig


@dataclass(frozen=True, slots=True)
class Mirror:
    """`label` is its public name, "" where a provider has no mirrors; `base` begins addresses."""

    at: int
    label: str
    base: str


class Mirrors:
    """Thread-safe. A provider without mirrors has one base, which is never spared here: its 429s
    are the limiter's."""

    def __init__(
        self,
        config: ProviderConfig,
        clock: Clock,
        random01: Callable[[], float] = random.random,
    ) -> None:
        self.are_several = bool(config.mirrors)
        bases = config.mirrors or (base_and_rest(config.template)[0],)
        self.all = [
            Mirror(at, label_of(base) if self.are_several else "", base)
            for at, base in enumerate(bases)
        ]
        self._name, self._clock, self._random01 = config.name, clock, random01
        self._healths = [MirrorHealth() for _ in self.all]
        self._turn = 0
        self._lock = threading.Lock()

    def take(self, label: str = "") -> Mirror:
        """The next one, or the one of this label. Raises Parked while it must be spared."""
        asked = self._labelled(label) if label else None
        with self._lock:
            now = self._clock.monotonic()
            of = self._healths if asked is None else [self._healths[asked.at]]
            chosen = choose_mirror(of, self._turn, now)
            if chosen is None:
                raise Parked(wait_seconds(of, now), _spared(self._name, asked))
            if asked is not None:
                return asked
            self._turn = chosen + 1
        return self.all[chosen]

    def answered(self, mirror: Mirror) -> None:
        self._change(mirror, lambda health, now: after_answer(health))

    def limited(self, mirror: Mirror, retry_after: float | None) -> float:
        """It answered 429; the seconds until one of all mirrors may be asked."""
        random01 = self._random01()
        self._change(
            mirror,
            lambda health, now: after_limit(
                health, now, retry_after=retry_after, random01=random01
            ),
        )
        return wait_seconds(self._healths, self._clock.monotonic())

    def failed(self, mirror: Mirror) -> None:
        random01 = self._random01()
        self._change(mirror, lambda health, now: after_fault(health, now, random01=random01))

    def _change(
        self, mirror: Mirror, change: Callable[[MirrorHealth, float], MirrorHealth]
    ) -> None:
        if not self.are_several:
            return
        with self._lock:
            now = self._clock.monotonic()
            self._healths[mirror.at] = change(self._healths[mirror.at], now)

    def _labelled(self, label: str) -> Mirror:
        found = next((mirror for mirror in self.all if mirror.label == label), None)
        if found is None:
            known = ", ".join(mirror.label for mirror in self.all if mirror.label) or "none"
            raise OperatorError(
                f"The provider {self._name} has no mirror {label[:100]}.", f"It has {known}."
            )
        return found


def _spared(name: str, mirror: Mirror | None) -> str:
    whom = f"all mirrors of {name}" if mirror is None else f"{name}'s mirror {mirror.label}"
    return f"{whom} answered 429 or failed, and wait"
