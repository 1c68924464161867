"""Held changes, told to people: on home as long as they wait, and outside once."""

from __future__ import annotations

import datetime as dt

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from popflix.console.home.needs import Need, folded, short
from popflix.console.pieces.tones import State, Tone
from popflix.engine.notifications import announce
from reconcile.changes import told
from reconcile.changes.models import Change, ChangeSet, ChangeState, SetState
from reconcile.feed.models import Cinema

_HELD = State("Held", Tone.HOLD)
_MOST = 20  # open change sets; there is one for each source


def held_needs(now: dt.datetime) -> list[Need]:
    """One for each change set of which something waits."""
    first = _reasons(Change.objects.filter(change_set=OuterRef("pk")))
    sets = ChangeSet.objects.filter(state=SetState.OPEN).order_by("-pk")
    found = sets.annotate(
        why=Subquery(first.values("reason")[:1]), where=Subquery(first.values("cinema_id")[:1])
    )[:_MOST]
    waiting = [each for each in found if _held(each)]
    names = _names({each.where for each in waiting if each.where is not None})
    needs = [_need(each, _told(names.get(each.where), each.why)) for each in waiting]
    href = f"{reverse('admin:reconcile_changeset_changelist')}?state__exact={SetState.OPEN}"
    return folded(needs, "change sets that wait", href)


def announce_held(change_set: ChangeSet, now: dt.datetime) -> int:
    """Call it in the commit that leaves changes held; how many notifications are new."""
    held = _held(change_set)
    if not held:
        return 0
    first = _reasons(change_set.changes.all()).first()
    reason = _told(_names({first.cinema_id})[first.cinema_id], first.reason) if first else ""
    return announce(
        cause=f"held:{change_set.pk}",
        kind="held",
        subject=f"{held} of {change_set.source} wait for a person",
        body=f"{reason or 'They are to be reviewed.'}\n\n"
        f"Change set {change_set.pk}, load {change_set.load_id}. Nothing else is held up.",
        payload={
            "source": change_set.source,
            "change_set": change_set.pk,
            "load": change_set.load_id,
            "held": {
                str(kind): count
                for kind, count in told.in_state(change_set.counts, ChangeState.HELD).items()
            },
            "reason": reason,
        },
        now=now,
    )


def held_url(change_set_id: int) -> str:
    """The list of what is held of a change set."""
    query = f"set={change_set_id}&state={ChangeState.HELD}"
    return f"{reverse('admin:reconcile_change_changelist')}?{query}"


def _need(change_set: ChangeSet, reason: str) -> Need:
    return Need(
        _HELD,
        f"{_held(change_set)} of {change_set.source} wait for you",
        short(reason) or "They were held for review.",
        held_url(change_set.pk),
        "Look",
        rank=30,
        permission="reconcile.view_change",
    )


def _held(change_set: ChangeSet) -> str:
    """`38 missing shows`; empty where nothing waits."""
    rows = told.in_state(change_set.counts, ChangeState.HELD)
    return told.kinds(rows) if rows else ""


def _reasons(changes: QuerySet[Change]) -> QuerySet[Change]:
    return changes.filter(state=ChangeState.HELD).exclude(reason="").order_by("pk")


def _names(cinemas: set[int]) -> dict[int, str]:
    known = Cinema.objects.in_bulk(cinemas)
    return {pk: str(known.get(pk, f"cinema {pk}")) for pk in cinemas}


def _told(cinema: str | None, reason: str | None) -> str:
    return f"{cinema}: {reason}" if reason else ""
