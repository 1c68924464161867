"""What `manage.py sync_tmdb` does: plan, enqueue, or run here and tell how it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from popflix.engine.at_hand import run_at_hand
from popflix.engine.conditions import release_what_holds
from popflix.engine.models import RunStatus
from popflix.engine.starting import enqueue
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.progress import Reporter
from sync.links.outcome import ending_of, figures_of
from sync.links.plan import plan
from sync.links.totals import totals_json, totals_lines
from sync.links.wish import Wish, clean_params
from sync.tmdb import key

UNIT = "sync-media-links"
LETTERS = "titles"  # the source of dead letters
_GO_ON = "Everything answered so far is saved; `python manage.py sync_tmdb` goes on from here."
Say = Callable[[str], None]


def dry_run(params: Mapping[str, object], *, say: Say, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Tell what a run with these parameters would ask. Raises OperatorError."""
    planned = plan(Wish(**clean_params(params)), clock.now())  # type: ignore[arg-type]
    for line in planned.lines():
        say(line)
    return Report(planned.as_json())


def put_on_queue(params: Mapping[str, object], *, say: Say, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Leave the run to the queue's workers. Raises OperatorError, Busy and Paused among it."""
    release_what_holds(clock.now(), unit=UNIT, ask_at_once=True)
    with key.refusal_told(UNIT):
        run = enqueue(UNIT, params, trigger="command", clock=clock)
    say(f"Queued as run {run.pk}; a worker (`python manage.py work`) takes it up.")
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
    with key.refusal_told(UNIT):
        outcome = run_at_hand(
            UNIT, params, stop=stop, reporter=reporter, of_what="titles", clock=clock
        )
    figures = figures_of(outcome, _GO_ON)
    is_stopped = outcome.run.status != RunStatus.COMPLETED
    for line in totals_lines(figures, is_stopped=is_stopped, now=clock.now()):
        say(line)
    return ending_of(outcome, totals_json(figures), say, _GO_ON)
