"""The one row in django-q2's Schedule table: a tick a minute, also where no supervisor runs.

Every other row there is somebody else's. One that cannot be read keeps django-q2 from firing any,
ours too; the supervisor's own ticks do not depend on it.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction
from django_q.models import Schedule

_TICK = "popflix.engine.q2.deliveries.tick"
_COLUMNS = {
    "name": "popflix tick",
    "schedule_type": Schedule.MINUTES,
    "minutes": 1,
    "repeats": -1,
    "args": None,
    "kwargs": "{'q_options': {'save': False}}",  # no row per tick in the table of results
    "hook": None,
    "cluster": None,
    "intended_date_kwarg": None,
}


def keep_one_tick() -> None:
    """Make the row where it is missing, mend it where somebody changed it, delete its copies."""
    rows = Schedule.objects.filter(func=_TICK).order_by("pk")
    found = list(rows)
    if len(found) == 1 and all(getattr(found[0], name) == is_ for name, is_ in _COLUMNS.items()):
        return
    with transaction.atomic():
        kept = rows.select_for_update().first()
        if kept is None:
            Schedule.objects.create(func=_TICK, **_COLUMNS)
            return
        rows.exclude(pk=kept.pk).delete()
        Schedule.objects.filter(pk=kept.pk).update(**_COLUMNS)


def after_migrating(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Receives post_migrate; the table may be missing when one app alone was migrated."""
    if using != "default":
        return
    if Schedule._meta.db_table in connections[using].introspection.table_names():
        keep_one_tick()
