"""What another time zone of a cinema would do, before anybody asks for it; nothing is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from reconcile.changes import told
from reconcile.changes.finding.scope import newest_load
from reconcile.changes.policy.grouping import folded
from reconcile.changes.zone.zone_change import Moving, moving, require_possible
from reconcile.feed.models import Cinema
from reconcile.feed.restaging import StagedStart, reread_staging, times_of, zone_in_force
from reconcile.feed.zones import Times
from reconcile.shows.models import MasterShow

MOST_EXAMPLES = 20


@dataclass(frozen=True)
class Example:
    """A show of master with its start now and then, each in UTC and on the cinema's clock."""

    title: str
    screen: str
    before: str
    after: str


@dataclass(frozen=True)
class ZonePreview:
    """Counts of shows. `shifts` says by how much how many staged shows move."""

    before: str
    after: str
    is_stated: bool = False  # the feed's times state their offset
    is_loaded: bool = True
    staged: int = 0
    moved_staged: int = 0
    moved_master: int = 0
    shifts: Sequence[tuple[str, int]] = ()
    examples: Sequence[Example] = field(default_factory=list)
    gaps: Sequence[str] = ()  # wall clocks that the new zone leaves out
    folds: int = 0
    clashes: int = 0  # shows of master whose new place another row has


def preview_zone(cinema: Cinema, zone: str) -> ZonePreview:
    """Raises OperatorError for a zone that cannot be asked for."""
    require_possible(cinema, zone)
    load = newest_load(str(cinema.source))
    before = zone_in_force(cinema, load) or "UTC"
    after = zone_in_force(cinema, load, zone) or "UTC"
    if load is None:
        return ZonePreview(before, after, is_loaded=False)
    starts = reread_staging(cinema, load, zone)
    moves = moving(cinema, load, starts)
    shifts = _shifts(starts)
    return ZonePreview(
        before,
        after,
        is_stated=times_of(load) is Times.UTC,
        staged=len(starts),
        moved_staged=sum(shifts.values()),
        moved_master=len(moves),
        shifts=[(_signed(shift), count) for shift, count in shifts.most_common()],
        examples=[_example(each, before, after) for each in moves[:MOST_EXAMPLES]],
        gaps=[each.new.fault for each in starts if each.new.fault],
        folds=sum(each.new.is_fold for each in starts),
        clashes=_clashes(cinema, moves),
    )


def _shifts(starts: Sequence[StagedStart]) -> Counter[dt.timedelta]:
    return Counter(
        each.new.at - each.moment
        for each in starts
        if each.new.at is not None and each.new.at != each.moment
    )


def _signed(shift: dt.timedelta) -> str:
    """`4:30 h earlier`."""
    hours, minutes = divmod(abs(int(shift.total_seconds())) // 60, 60)
    return f"{hours}:{minutes:02} h {'later' if shift > dt.timedelta() else 'earlier'}"


def _example(each: Moving, before: str, after: str) -> Example:
    return Example(
        each.row.title,
        each.row.screen_name,
        told.moment(each.row.show_time, ZoneInfo(before)),
        told.moment(each.after.show_time, ZoneInfo(after)),
    )


def _clashes(cinema: Cinema, moves: Sequence[Moving]) -> int:
    """Rows that do not move, or not away, and stand on a key that a moved show shall have."""
    if not moves:
        return 0
    taken = {folded(each.after.key) for each in moves}
    leaving = {each.row.id for each in moves}
    times = [each.after.show_time for each in moves]
    others = MasterShow.objects.filter(
        cinema_id=cinema.pk, show_time__gte=min(times), show_time__lte=max(times)
    )
    columns = ("pk", "movie_id", "cinema_id", "screen_name", "show_time")
    return sum(
        pk not in leaving and folded(tuple(key)) in taken
        for pk, *key in others.values_list(*columns)
    )
