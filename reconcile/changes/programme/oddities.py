"""What is odd of the staged programme, beside the changes that bring it.

`reconcile.changes.programme.checking` finds it, by the policy `impossible`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from reconcile.changes.models import Change, ChangeSet, ProgrammeWarning

MOST_TOLD = 3  # of a change of many rows; of the rest only the number
_MOST_READ = 2000  # of a page's days; a programme with more is odd as a whole
_DAY = dt.timedelta(days=1)


def warnings_for(changes: Sequence[Change]) -> dict[int, list[str]]:
    """What is odd of the staged shows that changes bring, by the change's id; at most two queries.

    Changes without anything odd are left out. A change of many rows (a first load's) is told
    what its cinema's day has, for as long as that load is the newest.
    """
    days = {each.day for each in changes if each.day is not None}
    if not days:
        return {}
    near = {day + beside for day in days for beside in (-_DAY, 0 * _DAY, _DAY)}
    found = ProgrammeWarning.objects.filter(
        cinema_id__in={each.cinema_id for each in changes}, day__in=near
    ).order_by("pk")[:_MOST_READ]
    of_row, of_day = _sorted_in(found)
    loads = _loads([each for each in changes if each.row_count > 1]) if of_day else {}
    told = {}
    for each in changes:
        if each.row_count > 1:
            key = (loads.get(each.change_set_id, 0), each.cinema_id, each.day)
            words = _cut(of_day.get(key, []))
        else:
            words = of_row.get(each.sync_id or 0, [])
        if words:
            told[each.pk] = words
    return told


_Days = dict[tuple[int, int, dt.date | None], list[str]]


def _sorted_in(found: Iterable[ProgrammeWarning]) -> tuple[dict[int, list[str]], _Days]:
    of_row: dict[int, list[str]] = defaultdict(list)
    of_day: _Days = defaultdict(list)
    for each in found:
        of_day[each.load_id, each.cinema_id, each.day].append(each.words)
        for sync_id in each.sync_ids:
            of_row[sync_id].append(each.words)
    return of_row, of_day


def _loads(changes: Sequence[Change]) -> Mapping[int, int]:
    """The loads of their change sets."""
    sets = {each.change_set_id for each in changes}
    if not sets:
        return {}
    return dict(ChangeSet.objects.filter(pk__in=sets).values_list("pk", "load_id"))


def _cut(words: list[str]) -> list[str]:
    more = len(words) - MOST_TOLD
    return words if more < 2 else [*words[:MOST_TOLD], f"and {more} more of this day"]
