"""What earlier loads that were applied did, slice by slice: what guards learn from."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from django.db.models import Sum

from reconcile.changes.finding.scope import Scope, weekdays
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose
from reconcile.changes.policy.guard import Past
from reconcile.changes.types import ChangeKind, Slice
from reconcile.feed.models import Load, LoadSlice, LoadState

LOADS = 30  # the newest ones, of which a norm is made
HELD_SLICES, UNTIL_LOAD = "held_slices", "until_load"  # in ChangeSet.counts
_EDITS = (ChangeKind.UPDATE, ChangeKind.MOVE)


def history_of(scope: Scope, cinemas: Sequence[int]) -> dict[Slice, list[Past]]:
    """The applied loads before this one, the newest first, for each slice of these cinemas.

    A load teaches nothing of a slice that was held then.
    """
    loads = Load.objects.filter(
        source=scope.source, state=LoadState.LOADED, pk__lt=scope.load.pk,
        first_show_at__isnull=False,
    ).order_by("-pk")[:LOADS]  # fmt: skip
    days = {load.pk: _Days(load.first_show_at, load.last_show_at) for load in loads}
    if not days:
        return {}
    shows, did = _shows(days, cinemas), _applied(scope, days, cinemas)
    held = _held(scope, min(days))
    found: dict[Slice, list[Past]] = defaultdict(list)
    for load_id, covered in days.items():
        for cinema_id in cinemas:
            for weekday, count in covered.weekdays(scope.zones[cinema_id]).items():
                of = Slice(cinema_id, weekday)
                if any(since <= load_id < until for since, until in held.get(of, ())):
                    continue
                had = shows[load_id, of]
                removed, edited = (did[load_id, of, each] for each in (True, False))
                whole = max(had, 1)
                found[of].append(
                    Past(had / count, 100 * removed / (whole + removed), 100 * edited / whole)
                )
    return found


class _Days:
    """The days that a load covers, in any zone."""

    def __init__(self, first: dt.datetime | None, last: dt.datetime | None) -> None:
        self._first, self._last = first, last
        self._known: dict[ZoneInfo, Counter[int]] = {}

    def weekdays(self, zone: ZoneInfo) -> Counter[int]:
        if zone not in self._known and self._first is not None and self._last is not None:
            first, last = (each.astimezone(zone).date() for each in (self._first, self._last))
            self._known[zone] = weekdays((first, last))
        return self._known[zone]


def _shows(loads: Iterable[int], cinemas: Sequence[int]) -> Counter[tuple[int, Slice]]:
    slices = LoadSlice.objects.filter(load__in=list(loads), cinema_id__in=list(cinemas))
    found: Counter[tuple[int, Slice]] = Counter()
    for load_id, cinema_id, day, rows in slices.values_list("load_id", "cinema_id", "day", "rows"):
        found[load_id, Slice(cinema_id, day.weekday())] += rows
    return found


def _applied(
    scope: Scope, loads: Iterable[int], cinemas: Sequence[int]
) -> Counter[tuple[int, Slice, bool]]:
    """Rows that change sets removed (True) and edited (False), by load and slice."""
    sets = ChangeSet.objects.filter(
        source=scope.source, load_id__in=list(loads), purpose=Purpose.LOAD
    )
    load_of = dict(sets.values_list("pk", "load_id"))
    changes = Change.objects.filter(
        change_set__in=list(load_of), cinema_id__in=list(cinemas), state=ChangeState.APPLIED,
        kind__in=[ChangeKind.MISSING, *_EDITS],
    )  # fmt: skip
    found: Counter[tuple[int, Slice, bool]] = Counter()
    grouped = changes.values_list("change_set_id", "cinema_id", "weekday", "kind")
    for set_id, cinema_id, weekday, kind, rows in grouped.annotate(Sum("row_count")):
        of = Slice(cinema_id, weekday)
        found[load_of[set_id], of, kind == ChangeKind.MISSING] += rows
    return found


def _held(scope: Scope, first_load: int) -> Mapping[Slice, list[tuple[int, float]]]:
    """From which load until which (not included) a guard held a slice."""
    found: dict[Slice, list[tuple[int, float]]] = defaultdict(list)
    sets = ChangeSet.objects.filter(source=scope.source, purpose=Purpose.LOAD).order_by("-pk")
    for load_id, counts in sets.values_list("load_id", "counts")[: 2 * LOADS]:
        until = counts.get(UNTIL_LOAD) or float("inf")
        if until > first_load:
            for cinema_id, weekday in counts.get(HELD_SLICES, ()):
                found[Slice(cinema_id, weekday)].append((load_id, until))
    return found
