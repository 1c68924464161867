"""What `reconcile_shows` says: to the operator in lines, to scripts as one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from popflix.engine.at_hand import run_at_hand
from popflix.engine.models import RunStatus
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import EXIT_ERROR, EXIT_NEEDS_PERSON, OperatorError
from popflix.lib.progress import Reporter
from reconcile.changes.judging.run import SomeFailed, preview_shows
from reconcile.changes.judging.wish import UNIT, Wish, clean_params
from reconcile.changes.policy.tally import Tally, lines
from reconcile.changes.programme.check_here import check_here

FIRST_LINE = "Reconciling SyncShow → MasterShow..."
_GO_ON = "What was applied by then is kept; run the same command again: it finds what is left."
Say = Callable[[str], None]


def dry_run(params: Mapping[str, object], *, say: Say, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Say what would be done; nothing is written, not even a run. Raises OperatorError."""
    say(FIRST_LINE)
    wish = Wish(**clean_params(params))  # type: ignore[arg-type]
    told = {**preview_shows(wish, clock.now()), "dry_run": True, "run": None, "warnings": None}
    _say_all(told, say)
    say("Dry run: nothing was written.")
    return _report(told)


def reconcile_here(
    params: Mapping[str, object],
    *,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Reconcile in this process, as a run. Raises Busy, Paused and OperatorError."""
    say(FIRST_LINE)
    try:
        outcome = run_at_hand(
            UNIT, params, stop=stop, reporter=reporter, of_what="changes", clock=clock
        )
    except SomeFailed as error:
        told: dict[str, Any] = {
            **error.told,
            "dry_run": False,
            "run": error.run_id,
            "warnings": None,
        }
        _say_all(told, say)
        return Report(told, EXIT_ERROR)
    run = outcome.run
    if not outcome.result:
        why = f"{run.status}: {run.error or 'no reason told'}"
        raise OperatorError(f"Run {run.pk} was ended from outside ({why}).", _GO_ON)
    told = {**outcome.result, "dry_run": False, "run": run.pk, "warnings": None}
    if run.status == RunStatus.COMPLETED:
        now = Wish(**run.params).now
        told["warnings"] = check_here(list(told["sources"]), now=now, stop=stop, clock=clock)
    _say_all(told, say)
    if outcome.stopped_by is not None:
        return Report(told, stopped_by=outcome.stopped_by, how_to_go_on=_GO_ON)
    if run.status != RunStatus.COMPLETED:
        say(f"Run {run.pk} was stopped: {run.error or run.status}. {_GO_ON}")
        return Report(told, EXIT_ERROR)
    return _report(told)


def _say_all(told: Mapping[str, Any], say: Say) -> None:
    for line in [*lines(_tally(told)), *_warnings(told), *_holds(told), *_failed(told)]:
        say(line)


def _warnings(told: Mapping[str, Any]) -> list[str]:
    count = told["warnings"]
    return [f"Warnings: {count}, see the admin's list of warnings."] if count else []


def _holds(told: Mapping[str, Any]) -> list[str]:
    """One line for each slice that waits, and what to do."""
    said = [
        f"Waits for a person: {hold['rows']} of {hold['name'] or hold['cinema']}, "
        f"{hold['weekday']}: {hold['why']}."
        for hold in told["holds"]
    ]
    return [*said, "The admin shows each change, to approve or to reject."] if said else []


def _failed(told: Mapping[str, Any]) -> list[str]:
    return [f"Not judged: {each['error']} {each['fix']}" for each in told["failed"]]


def _report(told: Mapping[str, Any]) -> Report:
    return Report(told, EXIT_NEEDS_PERSON if _tally(told).is_held else 0)


def _tally(told: Mapping[str, Any]) -> Tally:
    return Tally(**{each.name: told[each.name] for each in fields(Tally)})
