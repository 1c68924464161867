"""A programme in staging, as a load would have left it, and the unit run on it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from zoneinfo import ZoneInfo

from popflix.engine.runner import run_in_foreground
from popflix.lib.clock import Clock
from popflix.lib.command import StopRequest
from reconcile.changes.approval.applying import DECIDE_UNIT
from reconcile.changes.finding.rows import rows_of
from reconcile.changes.judging.wish import UNIT
from reconcile.changes.models import ChangeSet
from reconcile.changes.types import COMPARED, KEY, Row
from reconcile.changes.undo import undoing
from reconcile.feed.models import Cinema, Load, LoadSlice, LoadState
from reconcile.shows.models import MasterShow, Show, SyncShow
from tests.popflix.engine.fakes import FakeClock

BEFORE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # all shows of `tests.reconcile` are to come


def load(
    rows: Iterable[Row],
    *,
    source: str = "city",
    zones: Mapping[int, str] | None = None,
    covers: tuple[dt.datetime, dt.datetime] | None = None,
) -> Load:
    """Staging as it is after a load of these rows; `covers` first and last where rows lack."""
    staged = list(rows)
    learn(source, {row.cinema_id for row in staged}, zones or {})
    cinemas = list(Cinema.objects.filter(source=source).values_list("pk", flat=True))
    SyncShow.objects.filter(cinema_id__in=cinemas).delete()
    SyncShow.objects.bulk_create([made(SyncShow, row) for row in staged])
    times = [*(row.show_time for row in staged), *(covers or ())]
    new = Load.objects.create(
        source=source,
        where="a test",
        state=LoadState.LOADED,
        started_at=BEFORE,
        staged_count=len(staged),
        first_show_at=min(times, default=None),
        last_show_at=max(times, default=None),
    )
    slices = Counter((row.cinema_id, _day(row)) for row in staged)
    LoadSlice.objects.bulk_create(
        [
            LoadSlice(load=new, cinema_id=cinema, day=day, rows=count, active_rows=count)
            for (cinema, day), count in slices.items()
        ]
    )
    return new


def learn(source: str, cinemas: Iterable[int], zones: Mapping[int, str]) -> None:
    for pk in cinemas:
        Cinema.objects.get_or_create(
            pk=pk,
            defaults={
                "name": f"Cinema {pk}", "source": source, "zone": zones.get(pk, ""),
                "first_seen_at": BEFORE, "last_seen_at": BEFORE,
            },
        )  # fmt: skip


def _day(row: Row) -> dt.date:
    zone = Cinema.objects.get(pk=row.cinema_id).zone or "UTC"
    return row.show_time.astimezone(ZoneInfo(zone)).date()


def made(model: type[Show], row: Row, **more: Any) -> Any:
    values = {name: getattr(row, name) for name in (*KEY, *COMPARED)}
    return model(**values, created_at=BEFORE, updated_at=BEFORE, **more)


def in_master(rows: Iterable[Row]) -> list[Row]:
    """Put rows into master, and return them with their ids there."""
    for row in rows:
        made(MasterShow, row, missing_since=row.missing_since).save()
    return master()


def reconcile(
    *, stop: StopRequest | None = None, clock: Clock | None = None, **params: Any
) -> dict[str, Any]:
    """Run the unit here, as of BEFORE unless told otherwise; what it returned."""
    outcome = run_in_foreground(
        UNIT,
        {"now": BEFORE.isoformat(), **params},
        stop=StopRequest() if stop is None else stop,  # one that did not ring is false
        clock=clock or FakeClock(),
    )
    return dict(outcome.result)


def figures(result: Mapping[str, Any]) -> dict[str, int]:
    """The counts that are not zero, without what follows from the others."""
    names = (
        "inserted", "updated", "unchanged", "moved", "missing", "revived", "held",
        "missing_held", "stale", "locked", "rejected",
    )  # fmt: skip
    return {name: result[name] for name in names if result[name]}


def require_identity(result: Mapping[str, Any]) -> None:
    """Each staged row is counted once."""
    parts = ("inserted", "updated", "unchanged", "moved", "revived", "held", "stale", "locked",
             "rejected")  # fmt: skip
    assert result["staged"] == sum(result[part] for part in parts), result


def master() -> list[Row]:
    """Master's rows in the order of their keys."""
    ids = list(MasterShow.objects.values_list("pk", flat=True))
    return sorted(rows_of(MasterShow, ids).values(), key=lambda row: row.key)


def without_ids(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [asdict(replace(row, id=0)) for row in sorted(rows, key=lambda row: row.key)]


def titles(rows: Sequence[Row]) -> list[str]:
    return [row.title for row in rows]


# --- what persons do with change sets ------------------------------------------------------------


def run_unit(name: str, clock: Clock | None = None, **params: Any) -> dict[str, Any]:
    """A unit run here, as by a command; what it returned."""
    outcome = run_in_foreground(name, params, stop=StopRequest(), clock=clock or FakeClock())
    return dict(outcome.result)


def decide_all(number: int, verdict: str = "approve", **params: Any) -> dict[str, Any]:
    return run_unit(
        DECIDE_UNIT, change_set=number, verdict=verdict, why="a test", by="ada", **params
    )


def undo(number: int, **params: Any) -> dict[str, Any]:
    return run_unit(undoing.UNIT, change_set=number, why="a test", by="ada", **params)


def newest_set() -> ChangeSet:
    return ChangeSet.objects.order_by("-pk")[0]
