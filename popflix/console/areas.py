"""The engine's own area of `sync_status`: runs."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.db.models import QuerySet

from popflix.console.status.areas import Area, Standing, register
from popflix.engine.deadletters import sources
from popflix.engine.models import Run, RunStatus

_MOST_LETTERS = 10_000  # of each source: more are told as that many
_ENDED = (RunStatus.COMPLETED, RunStatus.ERROR, RunStatus.CANCELLED, RunStatus.LOST)


def runs(now: dt.datetime) -> Standing:
    """Active runs by status; due are those that wait for a worker. Failures: dead letters."""
    active = list(_active().values_list("status", "queued_at"))
    counts = Counter(status for status, _ in active)
    queued = [at for status, at in active if status == RunStatus.QUEUED]
    names = (RunStatus.RUNNING, RunStatus.WAITING, RunStatus.QUEUED)
    return Standing(
        {str(name): counts[name] for name in names},
        due_count=len(queued),
        due_since=min(queued, default=None),
        newest_at=max(filter(None, map(_last_end, _ENDED)), default=None),
        failures=_letters(),
    )


def _active() -> QuerySet[Run]:
    return Run.objects.filter(active_key__gt="").order_by()  # by the index


def _last_end(status: str) -> dt.datetime | None:
    ended = Run.objects.filter(status=status).order_by("-id")
    return ended.values_list("finished_at", flat=True).first()


def _letters() -> dict[str, int]:
    found = {each.title: each.glance(most=_MOST_LETTERS).total() for each in sources.registered()}
    return {title: count for title, count in found.items() if count}


register(lambda: [Area("runs", "Runs", runs)], rank=90)
