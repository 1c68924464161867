"""The only package that knows django-q2: it wakes a run up, and knows nothing about it.

A delivery carries the run's number and nothing else. It may come twice, late, early or never;
`runs.claim_run` makes each of these harmless.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

_DELIVERY = "popflix.engine.q2.deliveries.run"


def dispatch(run_id: int, *, at: dt.datetime | None = None) -> None:
    """Ask the queue to run `run_id` soon, or at `at` (aware; 0 to 30 s late).

    Part of the caller's transaction: the queue's table lies in the same database.
    """
    from django_q.models import Schedule
    from django_q.tasks import async_task

    # In an atomic block django-q2's broker leaves the connection alone; outside it would close
    # one that looks old.
    with transaction.atomic():
        if at is None:
            async_task(_DELIVERY, int(run_id), task_name=f"run {run_id}")
            return
        # One wake-up per run is enough: the latest wish counts.
        Schedule.objects.update_or_create(
            name=f"run {run_id}",
            func=_DELIVERY,
            defaults={
                "args": str(int(run_id)),
                "schedule_type": Schedule.ONCE,
                "repeats": -1,  # deleted once it fired
                "next_run": at,
            },
        )
