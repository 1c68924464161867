"""The supervisor's thread that talks to the database; whatever it waits for, the guard goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from popflix.engine import q2
from popflix.engine.q2 import fallback
from popflix.engine.supervisor.presence import Presence, forget_the_dead
from popflix.lib.clock import Clock
from popflix.lib.explain import explain

log = logging.getLogger(__name__)

WEDGED_SECONDS = 20.0  # longer than the 10 s that django-q2 sleeps after an error of the database


class Ticks(Protocol):
    """What the ticker needs of a Watcher."""

    def tick(self) -> object: ...


class Suspect(Protocol):
    """What the ticker needs of a GuardedCluster."""

    name: str
    replaced: int

    @property
    def is_working(self) -> bool: ...

    @property
    def age_seconds(self) -> float: ...

    def is_busy(self) -> bool: ...

    def wish_replaced(self, why: str) -> None: ...


class Evidence:
    """Of a cluster that consumes nothing though its workers are idle, whatever the reason."""

    def __init__(self, cluster: Suspect, clock: Clock) -> None:
        self._cluster, self._clock = cluster, clock
        self._oldest: int | None = None
        self._since = 0.0

    def look(self) -> None:
        oldest = q2.oldest_waiting(self._cluster.name)
        now = self._clock.monotonic()
        if oldest is None or oldest != self._oldest or self._is_excused():
            self._oldest, self._since = oldest, now
        elif now - self._since >= WEDGED_SECONDS:
            self._cluster.wish_replaced(
                f"delivery {oldest} waits for {now - self._since:.0f} s beside idle workers"
            )
            self._oldest = None

    def _is_excused(self) -> bool:
        young = self._cluster.age_seconds < WEDGED_SECONDS
        return young or not self._cluster.is_working or self._cluster.is_busy()


class GivingBack:
    """After a cluster was killed, and when a supervisor starts: maybe the last one was."""

    def __init__(self, cluster: Suspect) -> None:
        self._cluster, self._seen = cluster, -1

    def look(self) -> None:
        replaced = self._cluster.replaced
        if replaced != self._seen:
            q2.give_back(self._cluster.name)
            self._seen = replaced


class Ticker:
    """Ticks every `seconds`, and at once when `hurry` is called. Nothing ends it but `end`."""

    def __init__(
        self,
        watcher: Ticks,
        presence: Presence,
        clusters: Sequence[Suspect],
        *,
        seconds: float,
        clock: Clock,
    ) -> None:
        self.count = 0
        self._watcher, self._presence, self._clusters = watcher, presence, clusters
        self._looks: list[Callable[[], object]] = []
        for cluster in clusters:
            self._looks += [GivingBack(cluster).look, Evidence(cluster, clock).look]
        self._seconds, self._clock = seconds, clock
        self._over, self._awake, self._told_lost = False, threading.Event(), False
        self._thread = threading.Thread(target=self._tick_on, name="ticker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hurry(self) -> None:
        self._awake.set()

    def end(self, patience_seconds: float) -> None:
        """The thread is left behind where the database keeps it longer."""
        self._over = True
        self._awake.set()
        self._thread.join(patience_seconds)

    def _tick_on(self) -> None:
        try:
            self._take([self._begin])
            while not self._over:
                self._awake.clear()
                self._take([self._beat, self._tick, *self._looks])
                self._awake.wait(self._seconds)
            self._take([self._presence.vanish])
        finally:
            connections.close_all()

    def _begin(self) -> None:
        forget_the_dead(self._clock.now())
        fallback.keep_one_tick()

    def _tick(self) -> None:
        self._watcher.tick()
        self.count += 1

    def _beat(self) -> None:
        self._presence.beat(sum(cluster.replaced for cluster in self._clusters))

    def _take(self, steps: Sequence[Callable[[], object]]) -> None:
        """An error of one step is logged; while there is no database none is worth a try."""
        for step in steps:
            try:
                step()
            except (DatabaseError, InterfaceError) as error:
                self._has_lost_the_database(error)
                return
            except Exception:
                log.exception("a step of the supervisor's tick failed; it is tried again")
        if self._told_lost:
            log.warning("the database answers again")
            self._told_lost = False
        close_old_connections()

    def _has_lost_the_database(self, error: Exception) -> None:
        if not self._told_lost:
            log.error("no ticks for now: %s", explain(error).cause)
        self._told_lost = True
        connections.close_all()
