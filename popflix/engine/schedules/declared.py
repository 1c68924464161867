"""The rows of the timetables that units declare in code.

There is one row per unit, made by itself. A changed declaration reaches the row unless an operator
has changed its timetable; one that is gone disables the row, and enables it when it is back.
"""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from popflix.engine.models import Schedule
from popflix.engine.models.schedules import DECLARED, GONE
from popflix.engine.registry import Registry, Timetable

LOOK_AGAIN_SECONDS = 60  # somebody may have deleted a row

_Declarations = dict[str, Timetable]


class Declared:
    """Keeps the rows of one registry: at once when its units change, else once a minute."""

    def __init__(self, registry: Registry, *, is_sites_own: bool) -> None:
        self._registry, self._is_sites_own = registry, is_sites_own
        self._seen: _Declarations | None = None
        self._look_at: dt.datetime | None = None

    def keep(self, now: dt.datetime) -> None:
        wanted = {unit.name: unit.timetable for unit in self._registry.units() if unit.timetable}
        if wanted == self._seen and self._look_at is not None and now < self._look_at:
            return
        _keep(wanted, disables_others=self._is_sites_own)
        self._seen, self._look_at = wanted, now + dt.timedelta(seconds=LOOK_AGAIN_SECONDS)


def _keep(wanted: _Declarations, *, disables_others: bool) -> None:
    rows = Schedule.objects.filter(origin=DECLARED)
    of_unit = {row.declared_unit: row for row in rows.defer("slot_at", "next_at", "params")}
    for unit, timetable in wanted.items():
        row = of_unit.pop(unit, None)
        if row is None:
            _insert(unit, timetable)
        else:
            _follow(row, timetable)
    for row in of_unit.values():
        if disables_others and row.error != GONE:
            Schedule.objects.filter(pk=row.pk).update(is_enabled=False, error=GONE)


def _insert(unit: str, timetable: Timetable) -> None:
    """Unchecked: what code declares wrongly the tick refuses, as any other row."""
    row = Schedule(unit=unit, origin=DECLARED, declared_unit=unit, **_columns(timetable))
    try:
        with transaction.atomic():
            Schedule.objects.bulk_create([row])
    except IntegrityError:  # another watcher was faster
        return


def _follow(row: Schedule, timetable: Timetable) -> None:
    new = _columns(timetable)
    if row.error == GONE and not row.is_enabled:
        Schedule.objects.filter(pk=row.pk).update(**_AFRESH, is_enabled=True)
    if row.declared_as == new["declared_as"]:
        return
    if is_changed(row):
        new = {"declared_as": new["declared_as"]}  # an operator's own
    else:
        new |= _AFRESH
    Schedule.objects.filter(pk=row.pk, declared_as=row.declared_as).update(**new)


def is_changed(row: Schedule) -> bool:
    """Whether an operator changed the timetable that the unit declares."""
    stored = Timetable(row.cron, row.every_seconds, row.time_zone, row.jitter_seconds)
    return _in_words(stored) != row.declared_as


_AFRESH: dict[str, object] = {"slot_at": None, "next_at": None, "error": ""}


def _columns(timetable: Timetable) -> dict[str, object]:
    return {
        "cron": timetable.cron,
        "every_seconds": timetable.every_seconds,
        "time_zone": timetable.time_zone,
        "jitter_seconds": timetable.jitter_seconds,
        "declared_as": _in_words(timetable),
    }


def _in_words(timetable: Timetable) -> str:
    return "|".join(
        str(each)
        for each in (
            timetable.cron,
            timetable.every_seconds,
            timetable.time_zone,
            timetable.jitter_seconds,
        )
    )
