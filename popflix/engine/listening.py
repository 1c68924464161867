"""Hearing and telling from a program of one's own: the manager's part that knows the bus."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine import current
from popflix.engine.bus import Listener, MilestoneHandler, Unsubscribe, bus, for_milestones
from popflix.lib.clock import Clock


class Listening:
    """Hears all events of this process, whichever manager's run they tell of."""

    clock: Clock

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call `listener(event)` for every event of this process, once it is stored.

        Returns the function that ends it, which may be called twice.
        """
        return bus.subscribe(listener)

    def on_milestone(self, handler: MilestoneHandler) -> Unsubscribe:
        """Call `handler(milestone_id, payload)` for milestones, those of a status included."""
        return bus.subscribe(for_milestones(handler))

    def emit_milestone(
        self, milestone_id: str, payload: Mapping[str, object] | None = None
    ) -> None:
        """Tell a milestone of the run that the calling code works for, or of none.

        From a coroutine or another thread it is stored a moment later, in its order.
        """
        current.emit_milestone(milestone_id, payload, clock=self.clock)

    subscribe_to_events = subscribe  # the seed's name
