"""The row that says that somebody works on this host; it beats, and goes at the orderly end."""

from __future__ import annotations

import datetime as dt

from popflix.engine.liveness import Process, is_alive, this_process
from popflix.engine.models import Supervisor
from popflix.lib.clock import Clock

BEAT_SECONDS = 5.0
_FORGOTTEN = dt.timedelta(days=1)  # of a host that never came back


class Presence:
    def __init__(self, workers: int, clock: Clock) -> None:
        self._me, self._workers, self._clock = this_process(), workers, clock
        self._started_at = clock.now()
        self._beaten = float("-inf")

    def beat(self, replaced: int) -> None:
        """At most every few seconds; makes the row where it is missing."""
        if self._clock.monotonic() - self._beaten < BEAT_SECONDS:
            return
        Supervisor.objects.update_or_create(
            host=self._me.host,
            pid=self._me.pid,
            defaults={
                "process_started_at": self._me.started,
                "started_at": self._started_at,
                "beat_at": self._clock.now(),
                "workers": self._workers,
                "replaced_count": replaced,
            },
        )
        self._beaten = self._clock.monotonic()

    def vanish(self) -> None:
        Supervisor.objects.filter(host=self._me.host, pid=self._me.pid).delete()


def forget_the_dead(now: dt.datetime) -> int:
    """Delete the rows of supervisors that were killed; returns how many."""
    dead = [row.pk for row in Supervisor.objects.all() if _is_dead(row, now)]
    return Supervisor.objects.filter(pk__in=dead).delete()[0]


def _is_dead(row: Supervisor, now: dt.datetime) -> bool:
    alive = is_alive(Process(row.host, row.pid, row.process_started_at))
    return alive is False or (alive is None and now - row.beat_at > _FORGOTTEN)
