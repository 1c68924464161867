"""Staging of one cinema in another time zone: as if its newest load had been read in it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Max, Min

from popflix.lib.batches import chunk
from popflix.lib.models import QuarantinedRow
from popflix.lib.quarantine import BadRow, quarantine
from reconcile.feed import outcome
from reconcile.feed.models import Cinema, Load, LoadSlice
from reconcile.feed.rezoning import Reread, reread
from reconcile.feed.words import is_active
from reconcile.feed.zones import Times
from reconcile.shows.models import SyncShow

_IDS_A_STATEMENT = 900
# Beyond all shows: rows wait there while others still stand on the keys that they shall have.
_FAR = dt.timedelta(days=400_000)


@dataclass(frozen=True)
class StagedStart:
    """A staged show and its start in the other zone."""

    sync_id: int
    moment: dt.datetime
    new: Reread
    is_active: bool


def zone_in_force(cinema: Cinema, load: Load | None, own: str | None = None) -> str:
    """The zone in which the cinema's times are read; `own` in place of the cinema's own one."""
    wanted = str(cinema.zone) if own is None else own
    return wanted or (str(load.zone) if load else "")


def times_of(load: Load) -> Times:
    return Times(load.times or Times.UTC)


def reread_staging(cinema: Cinema, load: Load, own: str) -> list[StagedStart]:
    """All staged shows of the cinema as they would start with this zone of its own."""
    before, after = zone_in_force(cinema, load), zone_in_force(cinema, load, own)
    rows = SyncShow.objects.filter(cinema_id=cinema.pk).order_by("show_time", "pk")
    return [
        StagedStart(pk, moment, reread(moment, before, after, times_of(load)), is_active(word))
        for pk, moment, word in rows.values_list("pk", "show_time", "is_active")
    ]


def restage(cinema: Cinema, load: Load, own: str, now: dt.datetime) -> None:
    """Rewrite the cinema's staged starts and its slices of the load; in the caller's transaction.

    A start that the new zone's clocks leave out goes into quarantine, as it would by loading.
    """
    starts = reread_staging(cinema, load, own)
    _move(starts, now)
    _quarantine([each for each in starts if each.new.at is None], cinema, load, now)
    _count([each for each in starts if each.new.at is not None], cinema, load)
    ours = Cinema.objects.filter(source=load.source).values("pk")
    shows = SyncShow.objects.filter(cinema_id__in=ours)
    bounds = shows.aggregate(first=Min("show_time"), last=Max("show_time"))
    load.first_show_at, load.last_show_at = bounds["first"], bounds["last"]
    load.checked_at = None
    load.save()


def _move(starts: Iterable[StagedStart], now: dt.datetime) -> None:
    by_shift: dict[dt.timedelta, list[int]] = defaultdict(list)
    for each in starts:
        if each.new.at is not None and each.new.at != each.moment:
            by_shift[each.new.at - each.moment].append(each.sync_id)
    for ids in by_shift.values():
        _shift(ids, _FAR, now)
    for shift, ids in by_shift.items():
        _shift(ids, shift - _FAR, now)


def _shift(ids: list[int], by: dt.timedelta, now: dt.datetime) -> None:
    for some in chunk(ids, _IDS_A_STATEMENT):
        rows = SyncShow.objects.filter(pk__in=some)
        rows.update(show_time=F("show_time") + by, updated_at=now)


def _quarantine(
    starts: Iterable[StagedStart], cinema: Cinema, load: Load, now: dt.datetime
) -> None:
    """Their lines are not known any more: they are numbered on behind all that are."""
    faults = {each.sync_id: f"movie_showTime {each.new.fault}" for each in starts}
    if not faults:
        return
    rows = SyncShow.objects.filter(pk__in=list(faults)).order_by("pk")
    kept = QuarantinedRow.objects.filter(source=load.source, reader=outcome.READER)
    last = kept.aggregate(last=Max("line"))["last"] or 0
    zone, first = zone_in_force(cinema, load), max(load.read_count, last) + 1
    bad = [
        BadRow(line, faults[row.pk], outcome.raw_of(row, zone, times_of(load)))
        for line, row in enumerate(rows, first)
    ]
    quarantine(load.source, bad, now=now, run_id=load.run_id, reader=outcome.READER)
    rows.delete()
    load.staged_count -= len(bad)
    load.quarantined_count += len(bad)


def _count(starts: Iterable[StagedStart], cinema: Cinema, load: Load) -> None:
    rows: Counter[dt.date] = Counter()
    active: Counter[dt.date] = Counter()
    for each in starts:
        rows[each.new.day] += 1
        active[each.new.day] += each.is_active
    LoadSlice.objects.filter(load=load, cinema_id=cinema.pk).delete()
    LoadSlice.objects.bulk_create(
        LoadSlice(load=load, cinema_id=cinema.pk, day=day, rows=count, active_rows=active[day])
        for day, count in sorted(rows.items())
    )
