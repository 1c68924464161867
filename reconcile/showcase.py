"""What the demo shows of this app: the newest change set, its changes in words, what is held."""

from __future__ import annotations

from itertools import groupby

from popflix.console.tables import Table, showcase
from reconcile.changes import told
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.changes.policy.guard import WEEKDAYS
from reconcile.changes.types import ChangeKind
from reconcile.feed.models import Cinema, Load

_OF_EACH = 2  # changes of one kind and state
_MOST_HOLDS = 6


@showcase
def change_set() -> Table:
    """Rows by kind and state."""
    newest = ChangeSet.objects.order_by("-pk").first()
    if newest is None:
        return Table("Changes of the programme", ("", ""), [("none", "")])
    by_kind = told.by_kind(newest.counts)
    states = [state for state in ChangeState if any(state in of for of in by_kind.values())]
    rows = [
        (kind.value, *(f"{of.get(state, 0):,}" for state in states))
        for kind, of in by_kind.items()
    ]
    title = f"Changes of the programme, {newest} of {newest.source}"
    headings = ("kind", *(state.value for state in states))
    return Table(title, headings, rows)


@showcase
def some_changes() -> Table:
    """Two of each kind and state, on the cinema's clock."""
    newest = ChangeSet.objects.order_by("-pk").first()
    found: list[Change] = []
    for kind in ChangeKind if newest else ():
        for state in (ChangeState.APPLIED, ChangeState.HELD):
            changes = Change.objects.filter(change_set=newest, kind=kind, state=state)
            found += changes.order_by("pk")[:_OF_EACH]
    load = Load.objects.filter(pk=newest.load_id).first() if newest else None
    cinemas = Cinema.objects.in_bulk({each.cinema_id for each in found})
    rows = []
    for each in found:
        cinema = cinemas.get(each.cinema_id)
        zone = told.zone_of(cinema.zone if cinema else "", load.zone if load else "")
        words = told.summary(each.kind, each.before, each.after, each.row_count, zone)
        title = str(each.after.get("title", ""))
        rows.append((each.kind, each.state, str(cinema or each.cinema_id), title or words))
    return Table("Some of them", ("kind", "state", "cinema", "what"), rows)


@showcase
def held() -> Table:
    """Each slice that waits for a person, with what was normal and what came."""
    newest = ChangeSet.objects.order_by("-pk").first()
    waiting = Change.objects.filter(change_set=newest, state=ChangeState.HELD).exclude(reason="")
    slices = waiting.order_by("cinema_id", "weekday", "pk").values_list(
        "cinema_id", "weekday", "reason"
    )
    reasons = [
        (cinema, weekday, next(of)[2])
        for (cinema, weekday), of in groupby(slices, key=lambda each: each[:2])
    ]
    names = Cinema.objects.in_bulk({cinema for cinema, _, _ in reasons})
    rows = [
        (str(names.get(cinema, cinema)), WEEKDAYS[weekday], why)
        for cinema, weekday, why in reasons[:_MOST_HOLDS]
    ]
    return Table("What is held, and why", ("cinema", "", "why"), rows)
