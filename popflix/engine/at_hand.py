"""Running a unit for the command that asked for it, with its progress on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine.context import StopLike
from popflix.engine.progress import Progress
from popflix.engine.runner import RunOutcome, run_in_foreground
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.progress import Reporter


def run_at_hand(
    unit: str,
    params: Mapping[str, object],
    *,
    stop: StopLike,
    reporter: Reporter,
    of_what: str,
    clock: Clock = SYSTEM_CLOCK,
) -> RunOutcome:
    """`run_in_foreground` with a reporter, which is closed however it ends.

    `of_what` names the counted rows for the operator: "titles". Raises as that does.
    """
    progress = Progress(reporter, of_what)
    try:
        return run_in_foreground(unit, params, stop=stop, reporter=progress, clock=clock)
    finally:
        reporter.close()
