"""How far the programme is, for `sync_status`."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from popflix.console.status.areas import Area, Standing, register
from popflix.lib.models import QuarantinedRow
from reconcile.changes import told
from reconcile.changes.judging import wish as judging
from reconcile.changes.models import ChangeSet, ChangeState, SetState
from reconcile.feed import wish as feeding
from reconcile.feed.models import Load, LoadState, Source
from reconcile.shows.models import MasterShow, SyncShow


def shows(now: dt.datetime) -> Standing:
    """Due are the changes that are approved and not applied yet; held ones wait for a person.

    Answers are loads that staging shows. Failures: the newest load of each source, where it
    came to nothing, and rows in quarantine.
    """
    waiting = _waiting()
    loads = [load for source in Source.objects.order_by("name") for load in _newest(source.name)]
    loaded = [
        load.finished_at for load in loads if load.state == LoadState.LOADED and load.finished_at
    ]
    counts = {
        "in staging": SyncShow.objects.count(),
        "in master": MasterShow.objects.count(),
        "missing": MasterShow.objects.filter(missing_since__isnull=False).count(),
        "held": waiting[ChangeState.HELD],
    }
    return Standing(
        counts,
        due_count=waiting[ChangeState.APPROVED],
        oldest_at=min(loaded, default=None),
        newest_at=max(loaded, default=None),
        failures=_failures(loads),
    )


def _waiting() -> Counter[str]:
    """Rows by state, of the change sets that are not done."""
    found: Counter[str] = Counter()
    sets = ChangeSet.objects.filter(state__in=(SetState.OPEN, SetState.APPLYING))
    for counts in sets.values_list("counts", flat=True):
        for state in (ChangeState.HELD, ChangeState.APPROVED):
            found[state] += told.in_state(counts, state).total()
    return found


def _newest(source: str) -> list[Load]:
    """The one that staging shows, and one that ended otherwise since."""
    loads = Load.objects.filter(source=source)
    ended = [loads.filter(state=state).order_by("-id").first() for state in _ENDED]
    found = [load for load in ended if load is not None]
    shown = max((load.pk for load in found if load.state == LoadState.LOADED), default=0)
    return [load for load in found if load.pk >= shown]


_ENDED = (LoadState.LOADED, LoadState.HELD, LoadState.FAILED)


def _failures(loads: list[Load]) -> dict[str, int]:
    states = Counter(load.state for load in loads if load.state != LoadState.LOADED)
    found = {f"loads {state}": count for state, count in sorted(states.items())}
    rows = QuarantinedRow.objects.filter(source__in={load.source for load in loads}).count()
    return found | ({"in quarantine": rows} if rows else {})


register(
    lambda: [Area("shows", "Shows", shows, units=(feeding.UNIT, judging.UNIT))],
    rank=40,
)
