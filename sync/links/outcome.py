"""How a foreground run of a unit ends for the command that started it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from popflix.engine.models import RunStatus
from popflix.engine.runner import RunOutcome
from popflix.lib.command import Report
from popflix.lib.errors import EXIT_ERROR, OperatorError


def figures_of(outcome: RunOutcome, how_to_go_on: str) -> dict[str, Any]:
    """What the run found out, with its number. Raises OperatorError where it was taken away."""
    run = outcome.run
    if not outcome.result:
        why = f"{run.status}: {run.error or 'no reason told'}"
        raise OperatorError(f"Run {run.pk} was ended from outside ({why}).", how_to_go_on)
    return {**outcome.result, "run": run.pk}


def ending_of(
    outcome: RunOutcome, data: Mapping[str, object], say: Callable[[str], None], how_to_go_on: str
) -> Report:
    """The command's report: a run that somebody cancelled or paused is no success."""
    run, signal = outcome.run, outcome.stopped_by
    if signal is not None or run.status == RunStatus.COMPLETED:
        return Report(data, stopped_by=signal, how_to_go_on=how_to_go_on)
    say(f"Run {run.pk} was stopped: {run.error or run.status}. {how_to_go_on}")
    return Report(data, EXIT_ERROR)
