"""The console's own panels of home, and its pages in the sidebar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from popflix.console.home import (
    backlog_needs,
    engine_needs,
    events,
    history,
    needs,
    units,
)
from popflix.console.home.panels import Panel, Place, register
from popflix.console.letters import ledger
from popflix.console.runs import results


def _needs(request: HttpRequest, now: dt.datetime) -> Mapping[str, Any]:
    return {"needs": needs.needs(now, request.user)}


register(Panel("needs", "Needs you", "console/home/needs.html", _needs, rank=10, every_seconds=5))
register(
    Panel(
        "units", "Units", "console/home/units.html", units.data,
        rank=20, permission="engine.view_run",
    )
)  # fmt: skip
register(
    Panel(
        "events", "Events", "console/home/events.html", events.data,
        place=Place.SIDE, rank=10, permission="engine.view_event",
    )
)  # fmt: skip
register(
    Panel(
        "history", "Runs over 14 days", "console/home/history.html", history.data,
        place=Place.FOOT, rank=10, permission="engine.view_run", every_seconds=60,
    )
)  # fmt: skip
needs.register("The engine", engine_needs.engine_needs)
needs.register("Schedules", backlog_needs.schedule_needs)
needs.register("Quarantine", backlog_needs.quarantine_needs)
results.register(ledger.UNIT, lambda run: ledger.rendered(run.result))
