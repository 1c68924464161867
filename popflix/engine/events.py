"""Writing to the append-only Event table."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping

from popflix.engine.bus import bus
from popflix.engine.models import Event
from popflix.engine.states import Kind
from popflix.lib.redact import redact


def tell(
    run_id: int | None,
    unit: str,
    kind: Kind,
    now: dt.datetime,
    *,
    milestone_id: str = "",
    payload: Mapping[str, object],
) -> Event:
    """Store one event, secrets removed; call it in the transaction of what it tells.

    Listeners of this process hear it once that transaction is committed.
    """
    event = Event.objects.create(
        run_id=run_id,
        unit=unit,
        at=now,
        kind=kind,
        milestone_id=milestone_id,
        payload=storable(payload),
    )
    bus.publish(event)
    return event


def storable(value: object) -> object:
    """The value as JSON can hold it, every text without secrets."""
    if isinstance(value, Mapping):
        return {redact(str(key)): storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [storable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):  # databases refuse NaN in JSON
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))
