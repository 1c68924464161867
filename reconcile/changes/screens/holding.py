"""What is held of a change set, slice by slice, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Min, Sum

from reconcile.changes import told
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.changes.policy.guard import WEEKDAYS
from reconcile.changes.screens.asked import decide_url, review_url
from reconcile.changes.types import ChangeKind

Names = Mapping[int, str]


@dataclass
class Hold:
    """One slice of which something waits."""

    cinema_id: int
    weekday: int
    rows: Counter[ChangeKind] = field(default_factory=Counter)
    reasons: dict[str, None] = field(default_factory=dict)  # each once, in their order


def find_holds(change_set: ChangeSet, most: int) -> tuple[list[Hold], int]:
    """Why something is held, by slice, and how many slices there are beyond `most`."""
    held = Change.objects.filter(change_set=change_set, state=ChangeState.HELD).order_by()
    found: dict[tuple[int, int], Hold] = {}
    first: dict[tuple[int, int], list[int]] = defaultdict(list)
    grouped = held.values_list("cinema_id", "weekday", "kind")
    for cinema_id, weekday, kind, rows, pk in grouped.annotate(Sum("row_count"), Min("pk")):
        at = (cinema_id, weekday)
        found.setdefault(at, Hold(*at)).rows[ChangeKind(kind)] += rows
        first[at].append(pk)
    keys = sorted(found)
    some = keys[:most]
    told_by = [pk for at in some for pk in first[at]]
    reasons = dict(Change.objects.filter(pk__in=told_by).values_list("pk", "reason"))
    for at in some:
        found[at].reasons = dict.fromkeys(filter(None, map(reasons.get, sorted(first[at]))))
    return [found[at] for at in some], len(keys) - len(some)


def told_hold(change_set: ChangeSet, hold: Hold, names: Names) -> dict[str, Any]:
    of = {"state": ChangeState.HELD, "cinema": hold.cinema_id, "weekday": hold.weekday}
    weekday = WEEKDAYS[hold.weekday % 7]
    return {
        "name": f"{names[hold.cinema_id]}, {weekday}",
        "what": told.kinds(hold.rows),
        "why": "; ".join(hold.reasons) or "waits for a person",
        "url": review_url(change_set.pk, **of),
        "approve_url": decide_url(change_set.pk, "approve", **of),
        "reject_url": decide_url(change_set.pk, "reject", **of),
    }
