"""Doing what was decided about runs: picking up what was dropped."""

from __future__ import annotations

from django.db.models import QuerySet

from popflix.engine import delivery, finishing, recovery, starting
from popflix.engine.changes import whole
from popflix.engine.events import tell
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.states import Kind
from popflix.engine.watch import actions
from popflix.engine.watch.doing import Doing, Done
from popflix.engine.watch.snapshot import why_gone
from popflix.lib.errors import OperatorError

_NOTES_READ = 20  # of a run that is stuck, the newest


def do_recover(action: actions.Recover, doing: Doing) -> Done | None:
    run = _still(action.run, action.fence).filter(pid__isnull=False).first()
    why = "" if run is None else why_gone(run, doing.clock.now())
    if run is None or not why:
        return None
    verdict = recovery.deal_with(run, why, clock=doing.clock, registry=doing.registry)
    return None if verdict is None else Done(verdict, run.unit, run.pk, why)


def do_deliver(action: actions.Deliver, doing: Doing) -> Done | None:
    def deliver() -> Done | None:
        now = doing.clock.now()
        run = _still(action.run, action.fence).filter(pid=None).first()
        if run is None:
            return None
        parked = Run.objects.filter(pk=run.pk, fence=run.fence, resume_at=None)
        parked.filter(status=RunStatus.WAITING, pid=None).update(resume_at=now)
        is_sent = delivery.deliver_again(run, now)
        return Done("deliver", run.unit, run.pk, action.why) if is_sent else None

    return whole(deliver)


def do_begin(action: actions.Begin, doing: Doing) -> Done | None:
    parent = Run.objects.filter(pk=action.parent, slot=None, status=RunStatus.QUEUED).first()
    if parent is None:
        return None
    try:
        has_begun = starting.begin(parent, doing.registry, doing.clock.now())
    except OperatorError as error:  # its workers cannot be started: nothing will mend itself
        end = finishing.finish
        end(parent, RunStatus.ERROR, clock=doing.clock, error=str(error), may_retry=False)
        return Done("error", parent.unit, parent.pk, str(error))
    return Done("begin", parent.unit, parent.pk, "its slot is free") if has_begun else None


def do_settle(action: actions.Settle, doing: Doing) -> Done | None:
    if not finishing.settle(action.parent, doing.clock.now()):
        return None
    parent = Run.objects.get(pk=action.parent)
    return Done("settle", parent.unit, parent.pk, f"it is {parent.status}")


def do_tell_stuck(action: actions.TellStuck, doing: Doing) -> Done | None:
    """Once for each stretch without progress, by whichever watcher sees it first."""
    text = f"no progress since {action.since:%Y-%m-%d %H:%M:%S} UTC"

    if text in _newest_notes(action.run):
        return None

    def note() -> Done | None:
        running = _still(action.run, action.fence).filter(status=RunStatus.RUNNING)
        run = running.filter(progressed_at=action.since).select_for_update().first()
        if run is None or text in _newest_notes(run.pk):
            return None
        tell(run.pk, run.unit, Kind.NOTE, doing.clock.now(), payload={"text": text})
        return Done("note", run.unit, run.pk, text)

    return whole(note)


def _newest_notes(run_id: int) -> list[object]:
    notes = Event.objects.filter(run_id=run_id, kind=Kind.NOTE).order_by("-id")
    payloads = notes.values_list("payload", flat=True)[:_NOTES_READ]
    return [payload.get("text") for payload in payloads]


def _still(run_id: int, fence: int) -> QuerySet[Run]:
    return Run.objects.filter(pk=run_id, fence=fence, active_key__isnull=False)
