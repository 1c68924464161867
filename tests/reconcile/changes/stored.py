"""Change sets as reconciling leaves them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from reconcile.changes.models import Change, ChangeSet, ChangeState, SetState
from reconcile.feed.models import Cinema, Load
from reconcile.shows.models import MasterShow

NOW = dt.datetime(2026, 1, 30, 12, tzinfo=dt.UTC)
EVENING = dt.datetime(2026, 1, 31, 14, tzinfo=dt.UTC)
WHY = "Saturday normally has 40 ± 6 shows; this feed has none"


def cinema(pk: int = 3, name: str = "Lido", zone: str = "Asia/Kolkata") -> Cinema:
    return Cinema.objects.create(
        pk=pk, name=name, zone=zone, source="city", first_seen_at=NOW, last_seen_at=NOW
    )


def master(screen: str = "AUDI 1", **values: Any) -> MasterShow:
    row = {
        "movie_id": "F1", "cinema_id": 3, "screen_name": screen, "show_time": EVENING,
        "title": "Harbour <i>Lights</i>", "is_active": "Y", **values,
    }  # fmt: skip
    return MasterShow.objects.create(**row)


def change_set(**values: Any) -> ChangeSet:
    """One that waits for a person, of the feed city."""
    load = Load.objects.create(source="city", where="feed.json", started_at=NOW)
    row: dict[str, Any] = {
        "source": "city", "load_id": load.pk, "state": SetState.OPEN, "created_at": NOW,
        "unchanged_count": 1069,
        "counts": {"missing": {"held": 2}, "update": {"applied": 1}, "held_slices": [[3, 5]]},
    }  # fmt: skip
    return ChangeSet.objects.create(**{**row, **values})


def change(of: ChangeSet, kind: str = "update", **values: Any) -> Change:
    row: dict[str, Any] = {
        "change_set": of, "kind": kind, "state": ChangeState.APPLIED, "cinema_id": 3,
        "weekday": 5, "day": EVENING.date(),
    }  # fmt: skip
    return Change.objects.create(**{**row, **values})


def missing(of: ChangeSet, screen: str = "AUDI 1", reason: str = WHY) -> Change:
    """A held one."""
    return change(
        of, "missing", state=ChangeState.HELD, reason=reason, master_id=master(screen).pk,
        before={"is_active": "Y"}, after={"is_active": "N"},
    )  # fmt: skip
