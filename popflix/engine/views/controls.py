"""Pausing, resuming and cancelling as an operator does it: audited, and idempotence is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from popflix.engine import cancelling, pauses
from popflix.engine.models import Pause, Run, RunStatus
from popflix.engine.models.pauses import Holder
from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.states import TERMINAL
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report
from popflix.lib.errors import OperatorError
from popflix.lib.redact import redact

Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """Who asks for it and why; a rehearsal only says what would be done.

    `account` is whose name stands in the audit trail, where there is one.
    """

    by: str
    why: str = ""
    is_rehearsal: bool = False
    say: Say = field(default=lambda line: None)
    clock: Clock = SYSTEM_CLOCK
    registry: Registry = all_units
    account: AbstractBaseUser | AnonymousUser | None = None


def pause(name: str, asked: Asked) -> Report:
    """Pause the unit until an operator resumes it. Raises OperatorError for an unknown name."""
    asked.registry.get(name)
    if not asked.why.strip():
        raise OperatorError("A pause needs a reason.", "Say why, for whoever finds it.")
    changed = _pause(name, asked)
    before = None if changed else _operators_pause(name)
    if before is not None:
        asked.say(f"{name} was paused already by {before.by} ({before.why}).")
    elif asked.is_rehearsal:
        asked.say(f"Would pause {name}; nothing was changed.")
    else:
        asked.say(f"{name} is paused. Its runs end their chunk and wait; nothing new starts.")
    by, why = (before.by, before.why) if before else (asked.by, redact(asked.why))
    data = {"unit": name, "paused": before is not None or not asked.is_rehearsal}
    return Report({**data, "changed": changed, "by": by, "why": why})


def _pause(name: str, asked: Asked) -> bool:
    if asked.is_rehearsal or _operators_pause(name) is not None:
        return False
    now = asked.clock.now()
    with transaction.atomic():
        changed = pauses.pause(name, by=asked.by, why=asked.why, now=now)
        if changed:
            _record(asked, "pause unit", name, now)
    return changed


def _record(asked: Asked, action: str, name: str, now: dt.datetime) -> None:
    who = asked.account or asked.by
    audit.record(who, action, at=now, target=name, why=redact(asked.why))


def _operators_pause(name: str) -> Pause | None:
    return Pause.objects.filter(unit=name, holder=Holder.OPERATOR).first()


def resume(name: str, asked: Asked) -> Report:
    """End every pause of the unit, whoever holds it. Raises OperatorError for an unknown name."""
    held = list(Pause.objects.filter(unit=name).order_by("at"))
    if not held:  # a pause outlives its unit: only without one must the name be known
        asked.registry.get(name)
    changed = bool(held) and not asked.is_rehearsal and _resume(name, asked)
    told = "; ".join(f"by {each.by}: {each.why}" for each in held)
    if changed:
        asked.say(f"{name} is resumed (it was paused {told}). What waited for it goes on.")
    elif held and asked.is_rehearsal:
        asked.say(f"Would resume {name} (paused {told}); nothing was changed.")
    else:
        asked.say(f"{name} is not paused.")
    ended = [{"holder": each.holder, "by": each.by, "why": each.why} for each in held]
    return Report({"unit": name, "changed": changed, "ended": ended})


def _resume(name: str, asked: Asked) -> bool:
    now = asked.clock.now()
    with transaction.atomic():
        changed = pauses.resume(name, by=asked.by, why=asked.why, now=now)
        if changed:
            _record(asked, "resume unit", name, now)
    return changed


def cancel(run_id: int, asked: Asked) -> Report:
    """End a run, at once or between two of its chunks. Raises OperatorError where it has ended.

    Cancelling twice is told and harmless.
    """
    run = Run.objects.filter(pk=run_id).first()
    already = "" if run is None else _cancelled_already(run)
    if run is not None and already:
        asked.say(f"Run {run_id} of {run.unit} {already}.")
        return _told(run, changed=False)
    if asked.is_rehearsal:
        return _rehearse_cancel(run_id, run, asked)
    run = cancel_audited(run_id, asked)
    if run.status in TERMINAL:
        asked.say(f"Run {run_id} of {run.unit} is {run.status}.")
    else:
        asked.say(f"Run {run_id} of {run.unit} ends after its chunk.")
    return _told(run, changed=True)


def _cancelled_already(run: Run) -> str:
    if run.status == RunStatus.CANCELLED:
        return "was cancelled already"
    # One that no process holds any more can be ended at once: that is worth a second call.
    is_held = run.pid is not None or bool(run.mode)
    if run.status not in TERMINAL and run.cancel_requested_at is not None and is_held:
        return "was asked to end already"
    return ""


def cancel_audited(run_id: int, asked: Asked) -> Run:
    """Cancel, with the entry in the audit trail. Raises OperatorError."""
    run = cancelling.cancel(
        run_id, by=asked.by, why=asked.why, clock=asked.clock, registry=asked.registry
    )
    target = f"{run.unit} run {run.pk}"
    why = redact(asked.why)
    audit.record(
        asked.account or asked.by, "cancel run", at=asked.clock.now(), target=target, why=why
    )
    return run


def _rehearse_cancel(run_id: int, run: Run | None, asked: Asked) -> Report:
    if run is None or run.status in TERMINAL:
        state = "does not exist" if run is None else f"has ended as {run.status}"
        raise OperatorError(f"Run {run_id} {state}.", "Choose a run that is active.")
    asked.say(f"Would cancel run {run_id} of {run.unit} ({run.status}); nothing was changed.")
    return _told(run, changed=False)


def _told(run: Run, *, changed: bool) -> Report:
    return Report({"run": run.pk, "unit": run.unit, "status": run.status, "changed": changed})
