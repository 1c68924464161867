"""How fast runs go, from what is stored: every process of the web server tells the same."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping

from django.db.models import Q

from popflix.console.home import pace
from popflix.engine.models import RunSample
from popflix.engine.registry import Mode
from popflix.engine.states import Status
from popflix.engine.unit_views import ActiveRun, UnitView
from popflix.lib.limiter.survey import BucketView, survey

log = logging.getLogger(__name__)


def rates(views: Iterable[UnitView], now: dt.datetime) -> dict[int, float]:
    """Done per second now, by number of the run; of those that work themselves.

    A run that works through others has the sum of theirs.
    """
    working = [run for view in views for run in view.active if _works(run)]
    before = _samples(working, now)
    found = {run.id: _rate(run, before.get(run.id), now) for run in working}
    return {key: rate for key, rate in found.items() if rate is not None}


def _works(run: ActiveRun) -> bool:
    return run.status == Status.RUNNING and run.mode == Mode.WORKER


_Sample = tuple[dt.datetime, int]


def _samples(runs: Iterable[ActiveRun], now: dt.datetime) -> dict[int, _Sample]:
    """The oldest sample of each run within its window: one query for all of them."""
    wanted = Q()
    for run in runs:
        if run.started_at is not None:
            window = pace.window_seconds((now - run.started_at).total_seconds())
            wanted |= Q(run_id=run.id, at__gte=now - dt.timedelta(seconds=window))
    if not wanted:
        return {}
    rows = RunSample.objects.filter(wanted).order_by("-at", "-pk")
    return {key: (at, done) for key, at, done in rows.values_list("run_id", "at", "done_count")}


def _rate(run: ActiveRun, before: _Sample | None, now: dt.datetime) -> float | None:
    """Since the sample; of a run that is too young to have one, since it began.

    None for a run that has stored nothing for so long that any figure would be history.
    """
    if run.started_at is None:
        return None
    elapsed = (now - run.started_at).total_seconds()
    if before is None and elapsed > pace.window_seconds(elapsed):
        return None
    at, done = before or (run.started_at, 0)
    return pace.rate(run.done_count, done, (now - at).total_seconds())


def allowed_rates() -> Mapping[str, BucketView]:
    """The limiter's buckets by name; none where they cannot be read: home shows all else."""
    try:
        return {bucket.name: bucket for bucket in survey()}
    except Exception as error:
        log.warning("the limiter's buckets cannot be read: %s", error)
        return {}
