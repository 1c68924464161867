"""Making the changes of a set that undoes another one, page by page, and where a kill left it.

Everything here only reads master; what it makes is applied like any other set.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from popflix.engine.context import RunContext
from reconcile.changes.approval.decisions import SHOWS, is_day
from reconcile.changes.approval.standing import lock_set
from reconcile.changes.finding.kept import locked_of, staged_at
from reconcile.changes.finding.rows import rows_of
from reconcile.changes.finding.scope import day_bounds, newest_load, scope_of
from reconcile.changes.finding.todo import ids_in_chunks
from reconcile.changes.master.removing import is_as, locked_rows
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose
from reconcile.changes.policy import diff
from reconcile.changes.policy.inverse import ORDER, Applied, Inverse, inverse_of
from reconcile.changes.types import COMPARED, KEY, ChangeKind, Row
from reconcile.changes.undo.reversed_rows import Reversed, remember, store_reversed
from reconcile.feed.lease import Lease
from reconcile.shows.models import MasterShow

CHANGES_A_PAGE, ROWS_A_PAGE = 1000, 5000
_SAME_MOMENT = dt.timedelta(seconds=1)
_FROM_THE_END = 2**62


@dataclass(frozen=True)
class Place:
    """Up to where the changes of a set are reversed: the step of ORDER, and below which id."""

    step: int = 0
    below: int = _FROM_THE_END


def reverse(ctx: RunContext, lease: Lease, change_set: ChangeSet) -> bool:
    """Store what reverses the set that `change_set` undoes; False: asked to stop before that."""
    details = change_set.details
    if details.get("is_built") or change_set.undoes_id is None:
        return True
    for page, place in pages(change_set.undoes_id, Place(**details.get("place", {}))):
        if ctx.should_stop():
            return False
        lease.prolong()
        found = reversals(change_set.source, page, ctx.now())
        with ctx.commit():
            locked = lock_set(change_set.pk)
            assert locked is not None
            store_reversed(locked, found, ctx.now())
            remember(locked, {"place": asdict(place)})
    with ctx.commit():
        locked = lock_set(change_set.pk)
        assert locked is not None
        remember(locked, {"is_built": True})
    return True


def pages(number: int, place: Place) -> Iterator[tuple[list[Change], Place]]:
    """What of the set is in master, the last one first, with the place behind each page."""
    for step in range(place.step, len(ORDER)):
        below = place.below if step == place.step else _FROM_THE_END
        applied = Change.objects.filter(
            change_set=number, state=ChangeState.APPLIED, kind__in=ORDER[step]
        ).order_by("-pk")
        while read := list(applied.filter(pk__lt=below)[:CHANGES_A_PAGE]):
            sizes = accumulate(each.row_count for each in read)
            page = [
                each for each, rows in zip(read, sizes, strict=True) if rows <= ROWS_A_PAGE
            ] or read[:1]
            below = page[-1].pk
            yield page, Place(step, below)


def reversals(source: str, page: Sequence[Change], now: dt.datetime) -> list[Reversed]:
    """In the order of the page; a fixed number of queries."""
    single = [each for each in page if not _is_whole_day(each)]
    of_single = _of_rows(single, now)
    of_days = _of_days(source, [each for each in page if _is_whole_day(each)], now)
    return [{**of_single, **of_days}[each.pk] for each in page]


def _is_whole_day(change: Change) -> bool:
    return is_day(change) or SHOWS in change.after or SHOWS in change.before


# --- one row each --------------------------------------------------------------------------------


def _of_rows(changes: Sequence[Change], now: dt.datetime) -> dict[int, Reversed]:
    ids = [each.master_id for each in changes if each.master_id is not None]
    rows = rows_of(MasterShow, ids)
    locked = locked_of(list(rows.values()), now)
    inserted = [each for each in changes if each.kind == ChangeKind.INSERT]
    later, came = _later(inserted), _came(inserted)
    found = {}
    for each in changes:
        pk = each.master_id or 0
        applied = Applied(
            ChangeKind(each.kind), each.before, each.after, each.applied_at, rows.get(pk),
            has_later=later.get(pk, 0) > each.pk, locked=locked.get(pk, ()),
        )  # fmt: skip
        made = inverse_of(applied)
        if made.kind == ChangeKind.REMOVE and pk in came:
            made = _remembering(made, pk, came[pk])
        found[each.pk] = Reversed(each, made, kept_rows=int(bool(made.why_not)))
    return found


def _remembering(made: Inverse, pk: int, came: dt.datetime) -> Inverse:
    """What a row needs to come back as it was."""
    before = {**made.before, "id": pk, "created_at": came.isoformat()}
    return Inverse(made.kind, before, {}, made.fingerprint, made.why_not)


def _later(inserted: Sequence[Change]) -> dict[int, int]:
    """By row the newest change that was applied to it and not reversed."""
    found: dict[int, int] = {}
    ids = [each.master_id for each in inserted if each.master_id is not None]
    for some in ids_in_chunks(ids):
        changes = Change.objects.filter(master_id__in=some, state=ChangeState.APPLIED)
        changes = changes.exclude(change_set__purpose=Purpose.UNDO).order_by("pk")
        found.update((pk, n) for pk, n in changes.values_list("master_id", "pk") if pk)
    return found


def _came(inserted: Sequence[Change]) -> dict[int, dt.datetime]:
    found: dict[int, dt.datetime] = {}
    ids = [each.master_id for each in inserted if each.master_id is not None]
    for some in ids_in_chunks(ids):
        found.update(MasterShow.objects.filter(pk__in=some).values_list("pk", "created_at"))
    return found


# --- a day of a cinema ---------------------------------------------------------------------------


def _of_days(source: str, changes: Sequence[Change], now: dt.datetime) -> dict[int, Reversed]:
    found = {}
    coming = [each for each in changes if each.kind == ChangeKind.REMOVE]
    for each in coming:
        after = {SHOWS: each.before[SHOWS]}
        found[each.pk] = Reversed(each, Inverse(ChangeKind.INSERT, {}, after), each.row_count)
    going = [each for each in changes if each.kind == ChangeKind.INSERT]
    shows = _untouched(source, going) if going else {}
    locked = locked_rows([show["id"] for some in shows.values() for show in some], now)
    for each in going:
        left = [show for show in shows[each.pk] if show["id"] not in locked]
        kept = max(each.row_count - len(left), 0)
        why = "" if left else f"{kept} of its {each.row_count} shows were edited since"
        made = Inverse(ChangeKind.REMOVE, {SHOWS: left}, {}, why_not=why)
        found[each.pk] = Reversed(each, made, len(left), kept)
    return found


def _untouched(source: str, days: Sequence[Change]) -> dict[int, list[dict[str, Any]]]:
    """By change the shows that are as they came in with it."""
    back = [each for each in days if SHOWS in each.after]
    found = {each.pk: _still(each.after[SHOWS]) for each in back}
    first = [each for each in days if SHOWS not in each.after]
    if first:
        found |= _still_of_first_loads(source, first)
    return found


def _still(shows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of shows that came back, and have been described since."""
    rows = rows_of(MasterShow, [int(show["id"]) for show in shows])
    return [dict(show) for show in shows if is_as(rows.get(int(show["id"])), show)]


def _still_of_first_loads(source: str, days: Sequence[Change]) -> dict[int, list[dict[str, Any]]]:
    """A first load says of a day only how many shows came; they bear the moment at which.

    Who edits by SQL may leave no mark: what staging says otherwise by now stays, too.
    """
    load = newest_load(source)
    zones = scope_of(load, load.started_at).zones if load is not None else {}
    by_day = {(each.cinema_id, each.day): each for each in days if each.day is not None}
    found: dict[int, list[dict[str, Any]]] = {each.pk: [] for each in days}
    came = list(_came_with(by_day, zones))
    staged = staged_at(row.key for row, _ in came)
    for row, created_at in came:
        day = row.show_time.astimezone(_zone(zones, row.cinema_id)).date()
        change = by_day.get((row.cinema_id, day))
        at = change.applied_at if change is not None else None
        if change is None or at is None or abs(created_at - at) > _SAME_MOMENT:
            continue
        if not diff.changed(staged.get(row.key, row), row):
            show = {"id": row.id, "created_at": created_at.isoformat(), **diff.told(row)}
            found[change.pk].append(show)
    return found


def _came_with(
    days: Mapping[tuple[int, dt.date], Change], zones: Mapping[int, ZoneInfo]
) -> Iterator[tuple[Row, dt.datetime]]:
    """Rows of these days that nobody wrote again since they came."""
    of_cinema: dict[int, list[dt.date]] = defaultdict(list)
    for cinema_id, day in days:
        of_cinema[cinema_id].append(day)
    columns = ("pk", *KEY, *COMPARED, "missing_since", "created_at", "updated_at")
    for cinema_id, some in of_cinema.items():
        zone = _zone(zones, cinema_id)
        since, until = day_bounds(min(some), zone)[0], day_bounds(max(some), zone)[1]
        rows = MasterShow.objects.filter(
            cinema_id=cinema_id, show_time__gte=since, show_time__lt=until, missing_since=None
        )
        for *values, created_at, updated_at in rows.order_by("pk").values_list(*columns):
            if created_at == updated_at:
                yield Row(*values), created_at


def _zone(zones: Mapping[int, ZoneInfo], cinema_id: int) -> ZoneInfo:
    return zones.get(cinema_id) or ZoneInfo("UTC")
