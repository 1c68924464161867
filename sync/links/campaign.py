"""What `manage.py sync_tmdb` does: plan, enqueue, or run here and tell how it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from popflix.engine.models import RunStatus
from popflix.engine.runner import RunOutcome, enqueue, run_in_foreground
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.progress import Reporter
from sync.links.plan import plan
from sync.links.totals import totals_json, totals_lines
from sync.links.wish import Wish, clean_params

UNIT = "sync-media-links"
_GO_ON = "Everything answered so far is saved; `python manage.py sync_tmdb` goes on from here."
Say = Callable[[str], None]


def dry_run(params: Mapping[str, object], *, say: Say, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Tell what a run with these parameters would ask. Raises OperatorError."""
    planned = plan(Wish(**clean_params(params)), clock.now())  # type: ignore[arg-type]
    for line in planned.lines():
        say(line)
    return Report(planned.as_json())


def put_on_queue(params: Mapping[str, object], *, say: Say) -> Report:
    """Leave the run to the queue's workers. Raises OperatorError, Busy among it."""
    run = enqueue(UNIT, params, trigger="command")
    say(f"Queued as run {run.pk}; a worker (`python manage.py qcluster`) takes it up.")
    return Report({"run": run.pk, "status": run.status})


def run_here(
    params: Mapping[str, object],
    *,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Run until nothing is due, a signal comes or TMDB refuses. Raises OperatorError."""
    progress = _Progress(reporter)
    try:
        outcome = run_in_foreground(UNIT, params, stop=stop, reporter=progress, clock=clock)
    finally:
        reporter.close()
    figures = _figures(outcome)
    for line in totals_lines(figures, is_stopped=outcome.run.status != RunStatus.COMPLETED):
        say(line)
    return Report(totals_json(figures), stopped_by=outcome.stopped_by, how_to_go_on=_GO_ON)


def _figures(outcome: RunOutcome) -> dict[str, Any]:
    run = outcome.run
    if not outcome.result:
        why = f"{run.status}: {run.error or 'no reason told'}"
        raise OperatorError(f"Run {run.pk} was ended from outside ({why}).", _GO_ON)
    return {**outcome.result, "run": run.pk}


class _Progress:
    """The engine tells absolute counts, a reporter takes increments."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._done = 0
        self._total: int | None = None
        self._is_started = False

    def progress(self, done: int, total: int | None) -> None:
        if not self._is_started or total != self._total:
            self._reporter.start(total, "titles")
            self._is_started, self._total, self._done = True, total, 0
        if done > self._done:
            self._reporter.advance(done - self._done)
            self._done = done

    def note(self, text: str) -> None:
        self._reporter.line(text)
