"""What stands around changes: names of cinemas and shows, in three queries for a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from reconcile.changes import told
from reconcile.changes.models import Change
from reconcile.feed.models import Cinema, Load
from reconcile.shows.models import MasterShow


@dataclass(frozen=True)
class Around:
    """`title` and `place` (when and on which screen) are empty where it is several shows.

    `master` is the row that changes, None where there is none (any more).
    """

    cinema: str
    title: str
    place: str
    begins: str  # on both clocks
    screen: str
    zone: ZoneInfo | None
    master: MasterShow | None = None


_NAME = "_around"


def of(change: Change) -> Around:
    """What `look_around` found."""
    found: Around = getattr(change, _NAME)
    return found


def look_around(changes: Sequence[Change]) -> None:
    """Find it for each of them, which come with their `change_set`."""
    cinemas = Cinema.objects.in_bulk({each.cinema_id for each in changes})
    zones = dict(
        Load.objects.filter(pk__in={each.change_set.load_id for each in changes})
        .values_list("pk", "zone")
    )  # fmt: skip
    shows = MasterShow.objects.in_bulk({each.master_id for each in changes if each.master_id})
    for each in changes:
        found = cinemas.get(each.cinema_id)
        own_zone = found.zone if found else ""
        zone = told.zone_of(own_zone, zones.get(each.change_set.load_id, ""))
        name = str(found) if found else f"cinema {each.cinema_id}"
        master = shows.get(each.master_id or 0)
        found_there = _around(name, _show(each, master), zone)
        setattr(each, _NAME, replace(found_there, master=master))


def _show(change: Change, master: MasterShow | None) -> dict[str, Any]:
    """Of the show as it was, or is to be where it is new."""
    if change.row_count > 1:
        return {}
    if change.master_id is None:
        return dict(change.after)
    if master is None:
        return {"title": f"show {change.master_id}, no longer in master", **change.before}
    begins = master.show_time.isoformat()
    known = {"title": master.title, "screen_name": master.screen_name, "show_time": begins}
    return {**known, **change.before}


def _around(cinema: str, show: dict[str, Any], zone: ZoneInfo | None) -> Around:
    begins, screen = show.get("show_time"), show.get("screen_name") or ""
    clock = told.clock(dt.datetime.fromisoformat(begins), zone) if begins else ""
    place = ", ".join(part for part in (clock, screen) if part)
    moment = told.value("show_time", begins, zone) or ""
    return Around(cinema, show.get("title") or "", place, moment, screen, zone)
