"""What is approved and yet nobody brings into master, on home: with why, and where it goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef
from django.urls import reverse

from popflix.console.home.needs import Need, folded, short
from popflix.console.pieces.tones import State, Tone
from popflix.engine.models import Run, RunStatus
from popflix.engine.pauses import Paused, require_not_paused
from popflix.engine.slots import active_keys
from reconcile.changes.approval import applying
from reconcile.changes.judging import wish
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.undo import undoing
from reconcile.feed.models import Source

_STUCK = State("Not applied", Tone.WAIT)
_UNITS = (applying.UNIT, applying.DECIDE_UNIT, undoing.UNIT, wish.UNIT)
_MOST = 20  # sets that are looked at; there are a few for each source
_PATIENCE = dt.timedelta(minutes=2)  # until a queued run is found to wait for a worker


def unapplied_needs(now: dt.datetime) -> list[Need]:
    """One for each change set that nobody works on; a run that is at work is no need."""
    approved = Change.objects.filter(change_set=OuterRef("pk"), state=ChangeState.APPROVED)
    busy = Source.objects.filter(name=OuterRef("source"), lease_until__gt=now)
    sets = ChangeSet.objects.filter(state__in=[SetState.OPEN, SetState.APPLYING]).order_by("-pk")
    found = sets.annotate(has_approved=Exists(approved.order_by()), is_busy=Exists(busy))[:_MOST]
    left = [each for each in found if each.has_approved or each.state == SetState.APPLYING]
    active = [active_keys(unit) for unit in _UNITS]
    runs = list(Run.objects.filter(active[0] | active[1] | active[2] | active[3]).order_by("pk"))
    pause = _pause()
    whys = [(each, _why(each, runs, pause, now)) for each in left if not each.is_busy]
    needs = [_need(each, why) for each, why in whys if why]
    href = reverse("admin:reconcile_changeset_changelist")
    return folded(needs, "change sets that nobody applies", href)


def _need(change_set: ChangeSet, why: str) -> Need:
    is_begun = change_set.state == SetState.APPLYING
    what = "is not applied to its end" if is_begun else "has approved changes that wait"
    return Need(
        _STUCK,
        f"Change set {change_set.pk} ({change_set.source}) {what}",
        short(why),
        reverse("admin:reconcile_changeset_change", args=[change_set.pk]),
        "Apply",
        rank=25,
        permission="reconcile.view_change",
    )


def _pause() -> str:
    """What keeps everything from being applied."""
    try:
        require_not_paused(applying.UNIT)
    except Paused as paused:
        return paused.cause
    return ""


def _why(change_set: ChangeSet, runs: Sequence[Run], pause: str, now: dt.datetime) -> str:
    """Empty while somebody is about to do it."""
    mine = [run for run in runs if _is_about(run, change_set)]
    if is_broken(change_set):
        return "" if mine else "The run that judged it broke off: the next judgement goes on."
    if any(run.status in (RunStatus.RUNNING, RunStatus.WAITING) for run in mine):
        return ""
    if pause or not mine:
        return pause or "No run is at work on it."
    late = [run for run in mine if run.queued_at < now - _PATIENCE]
    return f"Run {late[0].pk} is queued, and no worker takes it." if late == mine else ""


def _is_about(run: Run, change_set: ChangeSet) -> bool:
    """A judgement is about all sets of its sources."""
    if run.unit == wish.UNIT:
        named: Collection[str] = run.params.get("sources") or ()
        return not named or change_set.source in named
    return run.params.get("change_set") in (change_set.pk, change_set.undoes_id)


def is_broken(change_set: ChangeSet) -> bool:
    """Its judgement has not ended: what it lacks the next one finds."""
    return (
        change_set.purpose == Purpose.LOAD
        and change_set.state == SetState.APPLYING
        and change_set.finished_at is None
    )
