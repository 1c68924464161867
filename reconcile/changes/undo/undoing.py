"""Undoing a change set: its reverse is a change set of its own, applied like any other.

What somebody edited since stays as it is and is listed; everything else goes back.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from popflix.engine.context import RunContext
from popflix.engine.models import Run
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from reconcile.changes.approval import carrying
from reconcile.changes.approval.applying import reasoned, require_known
from reconcile.changes.approval.choosing import clean_choice
from reconcile.changes.approval.standing import lock_set
from reconcile.changes.approval.wanting import UNDO, asked_by
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.types import ChangeKind
from reconcile.changes.undo.reversing import Place, pages, reversals

UNIT = "undo-changes"
MOST_KEPT_TOLD = 50


@dataclass
class UndoPreview:
    """What undoing a set would do: `rows` by the kind of what reverses them; `kept` changes of
    the set that stay, the first of them, each with why."""

    rows: Counter[ChangeKind] = field(default_factory=Counter)
    kept: list[tuple[Change, str]] = field(default_factory=list)
    kept_count: int = 0  # rows
    why_not: str = ""

    @property
    def is_possible(self) -> bool:
        return not self.why_not


def preview_undo(change_set: ChangeSet, now: dt.datetime | None = None) -> UndoPreview:
    """Nothing is written; what is edited until it is done stays, too."""
    preview = UndoPreview()
    try:
        require_possible(change_set)
    except OperatorError as error:
        preview.why_not = str(error)
        return preview
    for page, _ in pages(change_set.pk, Place()):
        for each in reversals(change_set.source, page, now or SYSTEM_CLOCK.now()):
            if not each.inverse.why_not:
                preview.rows[each.inverse.kind] += each.row_count
            if each.kept_rows:
                preview.kept_count += each.kept_rows
                if len(preview.kept) < MOST_KEPT_TOLD:
                    was = "was" if each.kept_rows == 1 else "were"
                    some = (
                        f"{each.kept_rows} of its {each.change.row_count} shows {was} edited since"
                    )
                    preview.kept.append((each.change, each.inverse.why_not or some))
    return preview


def require_possible(change_set: ChangeSet) -> None:
    """Raises OperatorError where the set cannot be undone."""
    named = f"Change set {change_set.pk}"
    if change_set.purpose == Purpose.ZONE:
        raise OperatorError(
            f"{named} changed a time zone.", "Set the zone back on the page of the cinema."
        )
    if change_set.state == SetState.OPEN:
        raise OperatorError(f"{named} still waits for a person.", "Approve or reject that first.")
    if change_set.state == SetState.APPLYING:
        raise OperatorError(f"{named} is being applied.", "Wait until that has ended.")
    undone = _undone_by(change_set)
    if undone is not None:
        if undone.state == SetState.APPLYING:
            raise OperatorError(
                f"{named} is being undone by change set {undone.pk}.",
                f"Wait until that has ended; if its run was lost, apply change set {undone.pk}.",
            )
        raise OperatorError(
            f"{named} was undone by change set {undone.pk}.",
            f"To have it back, undo change set {undone.pk}.",
        )
    if not change_set.changes.filter(state=ChangeState.APPLIED).exists():
        raise OperatorError(f"Nothing of change set {change_set.pk} is in master.", "Leave it.")


def _undone_by(change_set: ChangeSet) -> ChangeSet | None:
    """The set that undoes it, or did, and was not undone in its turn."""
    for each in ChangeSet.objects.filter(undoes=change_set.pk).order_by("-pk"):
        is_at_work = each.state == SetState.APPLYING
        if is_at_work or each.changes.filter(state=ChangeState.APPLIED).exists():
            return each
    return None


# --- the unit -----------------------------------------------------------------------------------


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form. Raises OperatorError."""
    require_known(params, ("change_set", "why", "by"))
    return {"change_set": clean_choice(params).change_set, **reasoned(params)}


def undo_changes(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit: makes the set once, then brings it into master."""
    params = clean_params(ctx.params)
    number = _begun(ctx)
    if number is None:
        by = asked_by(ctx, UNDO, str(params["by"]))
        wanted = int(str(params["change_set"]))
        number = again_when_locked(partial(_begin, ctx, wanted, by, str(params["why"])))
    return {**carrying.carry(ctx, number), "undo": number}


def _begun(ctx: RunContext) -> int | None:
    """The set that this run, or the failed one that it retries, has made."""
    run: Run | None = Run.objects.get(pk=ctx.run_id)
    while run is not None:
        if "undo" in run.result:
            return int(str(run.result["undo"]))
        run = run.retry_of
    return None


def _begin(ctx: RunContext, number: int, by: str, why: str) -> int:
    now = ctx.now()
    with ctx.commit():
        change_set = lock_set(number)
        if change_set is None:
            raise OperatorError(f"There is no change set {number}.", "Choose another one.")
        begun = _undone_by(change_set)
        if begun is not None and begun.state == SetState.APPLYING:
            Run.objects.filter(pk=ctx.run_id).update(result={"undo": begun.pk})
            return begun.pk  # whose run was lost; or it is at work, and all is done by then
        require_possible(change_set)
        made = ChangeSet.objects.create(
            purpose=Purpose.UNDO, undoes=change_set, source=change_set.source,
            load_id=change_set.load_id, run_id=ctx.run_id, state=SetState.APPLYING,
            created_at=now, details={"by": by, "why": why},
        )  # fmt: skip
        rows = change_set.changes.filter(state=ChangeState.APPLIED).count()
        audit.record(
            by, "undo change set", at=now, target=str(change_set), count=rows, why=why,
            details={"change_set": made.pk, "run": ctx.run_id},
        )  # fmt: skip
        Run.objects.filter(pk=ctx.run_id).update(result={"undo": made.pk})
    return made.pk
