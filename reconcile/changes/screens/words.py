"""The words and badges of these pages."""

from __future__ import annotations

from popflix.console import menu
from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State, Tone
from reconcile.changes.models import ChangeState, SetState
from reconcile.changes.types import ChangeKind

SHOWS = menu.section("Shows", 50)
KIND, STATE, SET = "kind of change", "change", "change set"  # groups of words

vocabulary.register(
    KIND,
    {
        ChangeKind.INSERT: State("New", Tone.OK),
        ChangeKind.UPDATE: State("Updated", Tone.INFO),
        ChangeKind.MOVE: State("Moved", Tone.INFO),
        ChangeKind.MISSING: State("Missing", Tone.BAD),
        ChangeKind.REVIVE: State("Revived", Tone.OK),
        ChangeKind.REMOVE: State("Removed", Tone.BAD),
    },
)
vocabulary.register(
    STATE,
    {
        ChangeState.APPROVED.value: State("Approved", Tone.INFO),
        ChangeState.HELD.value: State("Held", Tone.HOLD),
        ChangeState.APPLIED.value: State("Applied", Tone.OK),
        ChangeState.REJECTED.value: State("Rejected", Tone.QUIET),
        ChangeState.STALE.value: State("Stale", Tone.WAIT),
        ChangeState.LOCKED.value: State("Locked", Tone.QUIET),
        ChangeState.UNDONE.value: State("Undone", Tone.QUIET),
    },
)
vocabulary.register(
    SET,
    {
        SetState.OPEN.value: State("Open", Tone.HOLD),
        SetState.APPLYING.value: State("Applying", Tone.INFO),
        SetState.APPLIED.value: State("Applied", Tone.OK),
        SetState.CLOSED.value: State("Closed", Tone.QUIET),
    },
)

APPROVE, UNDO = "reconcile.approve_change", "reconcile.undo_changeset"  # permissions
LOOK = "reconcile.view_change"
