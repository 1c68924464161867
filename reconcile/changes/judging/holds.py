"""Held changes, told to people: on home as long as they wait, and outside once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
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
        why=Subquery(first.values("reason")[:1]),
        where=Subquery(first.values("cinema_id")[:1]),
        only=Subquery(_held_of_set().values("cinema_id")[:1]),
    ).annotate(is_elsewhere=Exists(_held_of_set().exclude(cinema_id=OuterRef("only"))))
    waiting = [each for each in found[:_MOST] if _held(each)]
    used = {each.where for each in waiting} | {each.only for each in waiting}
    names = _names({pk for pk in used if pk is not None})
    needs = [_need(each, names) for each in waiting]
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


def _need(change_set: Any, names: Mapping[int, str]) -> Need:
    """What waits at one cinema alone is told with its name, and leads to that."""
    at = None if change_set.is_elsewhere else change_set.only
    where = change_set.source if at is None else f"{names[at]} ({change_set.source})"
    return Need(
        _HELD,
        f"{_held(change_set)} of {where} wait for you",
        short(_told(names.get(change_set.where), change_set.why)) or "They were held for review.",
        _review_url(change_set.pk, at),
        "Review",
        rank=30,
        permission="reconcile.view_change",
    )


def _review_url(change_set_id: int, cinema_id: int | None) -> str:
    """The page on which what is held of it can be decided."""
    narrowed = "" if cinema_id is None else f"&cinema={cinema_id}"
    path = reverse("admin:reconcile_changeset_review", args=[change_set_id])
    return f"{path}?state={ChangeState.HELD}{narrowed}"


def _held(change_set: ChangeSet) -> str:
    """`38 missing shows`; empty where nothing waits."""
    rows = told.in_state(change_set.counts, ChangeState.HELD)
    return told.kinds(rows) if rows else ""


def _held_of_set() -> QuerySet[Change]:
    """Of the set of the outer query."""
    return Change.objects.filter(change_set=OuterRef("pk"), state=ChangeState.HELD).order_by()


def _reasons(changes: QuerySet[Change]) -> QuerySet[Change]:
    return changes.filter(state=ChangeState.HELD).exclude(reason="").order_by("pk")


def _names(cinemas: set[int]) -> dict[int, str]:
    known = Cinema.objects.in_bulk(cinemas)
    return {pk: str(known.get(pk, f"cinema {pk}")) for pk in cinemas}


def _told(cinema: str | None, reason: str | None) -> str:
    return f"{cinema}: {reason}" if reason else ""
