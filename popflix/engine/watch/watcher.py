"""One look of the watcher, and what it did."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import TypeVar

from popflix.engine import conditions
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.schedules.declared import Declared
from popflix.engine.watch.actions import Action
from popflix.engine.watch.apply import apply
from popflix.engine.watch.decide import decide
from popflix.engine.watch.doing import Doing, Done
from popflix.engine.watch.snapshot import Looking
from popflix.lib.clock import SYSTEM_CLOCK, Clock

T = TypeVar("T")
log = logging.getLogger(__name__)


class Watcher:
    """Keeps what is wanted going. Tick it every few seconds, from one thread at a time.

    The site's own registry is the authority on schedules; a watcher of any other one leaves alone
    what it does not know. `asks_at_once`: its first tick asks every release condition, for whoever
    started it again with what was corrected.
    """

    def __init__(
        self,
        registry: Registry = all_units,
        clock: Clock = SYSTEM_CLOCK,
        *,
        asks_at_once: bool = False,
    ) -> None:
        is_sites_own = registry is all_units
        self._clock = clock
        self._asks_at_once = asks_at_once
        self._declared = Declared(registry, is_sites_own=is_sites_own)
        self._looking = Looking(registry, is_sites_own=is_sites_own)
        self._doing = Doing(registry, clock)

    def tick(self) -> list[Done]:
        """Do what is to be done now, and say what that was.

        An action that fails is logged and passed over; the next tick finds it again. Raises
        DatabaseError when the tables cannot even be read.
        """
        now = self._clock.now()
        _or_log("keeping declared schedules", lambda: self._declared.keep(now))
        resumed = _or_log("release conditions", lambda: self._release(now)) or []
        done = [Done("resume", unit, None, "its condition holds") for unit in resumed]
        for action in decide(self._looking.take(now)):
            what = _or_log(str(action), lambda: apply(action, self._doing))  # noqa: B023 - at once
            if what is not None:
                log.info("%s", what)
                done.append(what)
        return done

    def _release(self, now: dt.datetime) -> list[str]:
        at_once, self._asks_at_once = self._asks_at_once, False
        return conditions.release_what_holds(now, ask_at_once=at_once)

    def look(self) -> list[Action]:
        """What a tick would do now, but for asking release conditions; nothing is changed."""
        return decide(self._looking.take(self._clock.now()))


def _or_log(what: str, act: Callable[[], T]) -> T | None:
    try:
        return act()
    except Exception:
        log.exception("the watcher passes over: %s", what)
        return None
