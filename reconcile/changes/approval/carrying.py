"""A set whose changes are approved, carried to its end by whoever holds its source.

Everything here goes on where a kill left it: what is applied is marked so, the rest is approved.
"""

from __future__ import annotations

from collections import Counter

from popflix.engine.context import RunContext
from popflix.engine.models import Run
from reconcile.changes.approval.standing import lock_set, recount, settle
from reconcile.changes.finding.scope import newest_load, scope_of
from reconcile.changes.master.apply import apply_approved
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.told import by_kind
from reconcile.changes.undo.reversing import reverse
from reconcile.changes.zone import zone_change
from reconcile.feed.lease import Lease, SourceBusy, held
from reconcile.feed.models import Load
from reconcile.feed.staging import finish_broken
from reconcile.shows.on_sale import raise_after

WAIT_SECONDS = 10.0
BATCH_ROWS = 2_000  # a person's click waits behind each commit on SQLite
NEWER_LOAD = "a newer load came in: differences are taken anew"
_OWN = (Purpose.UNDO, Purpose.ZONE)


def carry(ctx: RunContext, number: int) -> dict[str, object]:
    """Hold the source, waiting for it, and finish the set; returns how it stands then."""
    change_set = ChangeSet.objects.get(pk=number)
    while _has_work(change_set):
        try:
            with held(change_set.source, f"{ctx.unit}, run {ctx.run_id}", ctx.clock) as lease:
                finish_broken(change_set.source, ctx.now(), lease.prolong)
                finish(ctx, lease, change_set)
            raise_after(ctx.now())
            break
        except SourceBusy as busy:
            if not ctx.wait(WAIT_SECONDS, busy.cause):
                break
    return told(number)


def finish_own(ctx: RunContext, lease: Lease, source: str) -> bool:
    """Before a judgement: what persons had begun with the source. False: asked to stop."""
    sets = ChangeSet.objects.filter(source=source, purpose__in=_OWN, state=SetState.APPLYING)
    return all(finish(ctx, lease, each) for each in sets.order_by("pk"))


def finish(ctx: RunContext, lease: Lease, change_set: ChangeSet) -> bool:
    """Bring what is approved into master, and have the set say so; False: asked to stop."""
    if change_set.purpose == Purpose.UNDO and not reverse(ctx, lease, change_set):
        return False
    if not _begin(ctx, change_set.pk):
        return True
    zones = scope_of(_load(change_set), ctx.now()).zones
    while True:
        is_whole = apply_approved(ctx, lease, change_set.pk, zones, BATCH_ROWS)
        _recount_undone(ctx, change_set)
        if _end(ctx, change_set.pk, is_whole):
            return is_whole


def told(number: int) -> dict[str, object]:
    """Rows of the set by state."""
    counts = ChangeSet.objects.values_list("counts", flat=True).get(pk=number)
    rows: Counter[str] = Counter()
    for states in by_kind(counts).values():
        rows.update(states)
    return {"change_set": number, **{str(state): rows[state] for state in ChangeState}}


def may_be_applied(change_set: ChangeSet) -> bool:
    """Something of it is left to do, and no judgement has to end first."""
    is_judged = change_set.purpose != Purpose.LOAD or change_set.finished_at is not None
    is_begun = change_set.state == SetState.APPLYING
    is_closed = change_set.state == SetState.CLOSED
    return is_judged and not is_closed and (is_begun or _approved(change_set.pk).exists())


def _has_work(change_set: ChangeSet) -> bool:
    return may_be_applied(change_set)


def _approved(number: int):  # type: ignore[no-untyped-def]
    return Change.objects.filter(change_set=number, state=ChangeState.APPROVED)


def _begin(ctx: RunContext, number: int) -> bool:
    """Mark the set as being applied; False where there is nothing to do with it."""
    waiting = _approved(number)
    with ctx.commit():
        change_set = lock_set(number)
        if change_set is None or change_set.state == SetState.CLOSED:
            return False
        is_broken = change_set.purpose == Purpose.LOAD and change_set.finished_at is None
        if is_broken or not (waiting.exists() or change_set.state == SetState.APPLYING):
            return False
        change_set.state = SetState.APPLYING
        change_set.save(update_fields=["state"])
        if change_set.purpose == Purpose.LOAD:
            _set_old_days_aside(change_set)
        if change_set.purpose == Purpose.ZONE and waiting.exists():
            zone_change.carry_out(change_set, ctx.now())
    done = Run.objects.values_list("done_count", flat=True).get(pk=ctx.run_id)
    ctx.progress(total=done + waiting.count())
    return True


def _set_old_days_aside(change_set: ChangeSet) -> None:
    """A day that is new as a whole is inserted from staging: by now that may show another load."""
    newest = newest_load(change_set.source)
    if newest is not None and newest.pk != change_set.load_id:
        days = _approved(change_set.pk).filter(kind="insert", sync_id=None)
        days.update(state=ChangeState.STALE, reason=NEWER_LOAD)


def _end(ctx: RunContext, number: int, is_whole: bool) -> bool:
    """Say how the set stands; False: something was approved meanwhile."""
    with ctx.commit():
        change_set = lock_set(number)
        if change_set is None:
            return True
        if is_whole and _approved(number).exists():
            return False
        settle(change_set, ctx.now())
    return True


def _recount_undone(ctx: RunContext, change_set: ChangeSet) -> None:
    """The set that it undoes, and those before, each in a commit of its own: they may be large.

    Before the set itself is settled, so that whoever goes on after a kill counts them again.
    """
    number = change_set.undoes_id
    while number is not None:
        with ctx.commit():
            undone = lock_set(number)
            if undone is None:
                return
            recount(undone)
            number = undone.undoes_id


def _load(change_set: ChangeSet) -> Load:
    load = newest_load(change_set.source)
    return load if load is not None else Load.objects.get(pk=change_set.load_id)
