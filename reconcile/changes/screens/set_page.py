"""What the page of a change set shows, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from popflix.console.pieces import vocabulary
from popflix.lib.errors import OperatorError
from reconcile.changes import told
from reconcile.changes.approval.carrying import may_be_applied
from reconcile.changes.models import (
    Change,
    ChangeSet,
    ChangeState,
    ProgrammeWarning,
    Purpose,
    SetState,
)
from reconcile.changes.policy import breakdown
from reconcile.changes.policy.breakdown import Cell, Dominant
from reconcile.changes.screens.asked import decide_url, review_url
from reconcile.changes.screens.holding import Hold, Names, find_holds, told_hold
from reconcile.changes.screens.review import figures, why_closed
from reconcile.changes.screens.words import APPROVE, STATE, UNDO
from reconcile.changes.types import ChangeKind
from reconcile.changes.undo.undoing import require_possible
from reconcile.feed.models import Cinema

MOST = 20  # lines of a table, and slices whose reasons are shown


def context(request: HttpRequest, object_id: str) -> dict[str, Any]:
    """Empty where there is no such row: the page that follows says so."""
    sets = ChangeSet.objects.prefetch_related("undone_by")
    change_set = sets.filter(pk=int(object_id)).first() if _is_number(object_id) else None
    if change_set is None:
        return {}
    cells = _cells(change_set)
    holds, more = find_holds(change_set, MOST)
    cinemas = breakdown.by_cinema(cells)[:MOST]
    most = breakdown.dominant(breakdown.counts(cells), sum(each.rows for each in cells))
    names = _names([each.key for each in cinemas], holds, most)
    return {
        "title": _what(change_set),
        "subtitle": f"Change set {change_set.pk} of {change_set.source}",
        "change_set": change_set,
        "figures": figures(change_set),
        "sentence": _sentence(most, names),
        "mostly_url": _mostly_url(change_set, most),
        "cinemas": [_line(change_set, "cinema", each, names[each.key]) for each in cinemas],  # type: ignore[index]
        "fields": [
            _line(change_set, "field", each, told.FIELDS.get(str(each.key), str(each.key)))
            for each in breakdown.by_field(cells)[:MOST]
        ],
        "holds": [told_hold(change_set, each, names) for each in holds],
        "more_holds": more,
        "warnings": _warnings(change_set),
        **_table(change_set),
        **_doing(request, change_set),
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


# --- what it is about ---------------------------------------------------------------------------


def _cells(change_set: ChangeSet) -> list[Cell]:
    rows = Change.objects.filter(change_set=change_set).order_by()
    grouped = rows.values_list("kind", "state", "cinema_id", "fields").annotate(Sum("row_count"))
    return [
        Cell(kind, state, cinema_id, tuple(filter(None, fields.split(","))), count)
        for kind, state, cinema_id, fields, count in grouped
    ]


def _sentence(most: Dominant | None, names: Names) -> str:
    """`94 % of the changes are picture at Cinema 3`."""
    if most is None:
        return ""
    what = told.FIELDS.get(most.what) or f"{told.MANY[ChangeKind(most.what)]} shows"
    where = "" if most.cinema_id is None else f" at {names[most.cinema_id]}"
    return f"{most.percent} % of the changes are {what}{where}."


def _mostly_url(change_set: ChangeSet, most: Dominant | None) -> str:
    if most is None:
        return ""
    name = "field" if most.what in told.FIELDS else "kind"
    return review_url(change_set.pk, state="", cinema=most.cinema_id, **{name: most.what})


def _line(change_set: ChangeSet, by: str, line: breakdown.Line, name: str) -> dict[str, Any]:
    narrowed = {by: line.key}
    return {
        "name": name,
        "rows": line.rows,
        "held": line.held,
        "url": review_url(change_set.pk, state="", **narrowed),
        "held_url": review_url(change_set.pk, state=ChangeState.HELD, **narrowed),
    }


def _table(change_set: ChangeSet) -> dict[str, Any]:
    """Rows by kind and state, each with the address of its changes."""
    states = [state for state in ChangeState if told.in_state(change_set.counts, state)]

    def cell(kind: ChangeKind, state: ChangeState, rows: int) -> tuple[str, int, str]:
        return str(state), rows, review_url(change_set.pk, state=state, kind=kind)

    return {
        "states": [vocabulary.state(STATE, state).label for state in states],
        "kinds": [
            (str(kind), [cell(kind, state, of.get(state, 0)) for state in states])
            for kind, of in told.by_kind(change_set.counts).items()
        ],
    }


def _names(keys: Sequence[int | str], holds: Sequence[Hold], most: Dominant | None) -> Names:
    wanted = {int(key) for key in keys} | {each.cinema_id for each in holds}
    if most is not None and most.cinema_id is not None:
        wanted.add(most.cinema_id)
    known = Cinema.objects.in_bulk(wanted)
    return {pk: str(known.get(pk, f"cinema {pk}")) for pk in wanted}


# --- what may be done, and what stands beside it ------------------------------------------------


def _doing(request: HttpRequest, change_set: ChangeSet) -> dict[str, Any]:
    held = told.in_state(change_set.counts, ChangeState.HELD).total()
    is_approver = request.user.has_perm(APPROVE)
    may_decide = is_approver and held > 0 and not why_closed(change_set)
    applied = told.in_state(change_set.counts, ChangeState.APPLIED).total()
    may_undo = request.user.has_perm(UNDO) and applied > 0
    is_undoable = may_undo and _is_undoable(change_set)
    return {
        "held": held,
        "is_approver": is_approver,
        "may_decide": may_decide,
        "may_apply": is_approver and _waits(change_set) and may_be_applied(change_set),
        "is_whole": change_set.purpose == Purpose.ZONE,
        "may_undo": is_undoable,
        "undo_later": may_undo and held > 0 and not is_undoable,
        "approve_url": decide_url(change_set.pk, "approve", state=ChangeState.HELD),
        "reject_url": decide_url(change_set.pk, "reject", state=ChangeState.HELD),
        "review_url": review_url(change_set.pk),
        "undone_by": [each.pk for each in change_set.undone_by.all()],
    }


def _waits(change_set: ChangeSet) -> bool:
    """By its counts alone, whether something of it may wait to be applied."""
    approved = told.in_state(change_set.counts, ChangeState.APPROVED)
    return bool(approved) or change_set.state == SetState.APPLYING


def _is_undoable(change_set: ChangeSet) -> bool:
    try:
        require_possible(change_set)
    except OperatorError:
        return False
    return True


def _warnings(change_set: ChangeSet) -> dict[str, Any]:
    found = ProgrammeWarning.objects.filter(
        source=change_set.source, load_id=change_set.load_id
    ).count()
    try:
        url = reverse("admin:reconcile_programmewarning_changelist")
    except NoReverseMatch:
        url = ""
    return {"count": found, "url": url}


def _what(change_set: ChangeSet) -> str:
    if change_set.purpose == Purpose.UNDO:
        return f"The reverse of change set {change_set.undoes_id}"
    if change_set.purpose == Purpose.ZONE:
        zone = change_set.details.get("zone") or "its feed's"
        return f"Another time zone of cinema {change_set.details.get('cinema', '')}: {zone}"
    return "What a load came to"
