"""What the commands crawl_movies and refresh_movies do: plan, enqueue, or run here and tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from popflix.engine.at_hand import run_at_hand
from popflix.engine.conditions import release_what_holds
from popflix.engine.models import RunStatus
from popflix.engine.starting import enqueue
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.progress import Reporter
from sync.links.outcome import ending_of, figures_of
from sync.movies.crawl_models import Crawl, CrawlSource
from sync.movies.crawl_plan import plan
from sync.movies.crawl_wish import CrawlWish, RefreshWish, clean_crawl, clean_refresh
from sync.movies.fetching import due_rows, why_not_ready
from sync.tmdb import key

CRAWL, REFRESH = "crawl-movies", "refresh-movies"
KEPT = "movies"  # the process of both, one after the other
Say = Callable[[str], None]


def why_not_kept() -> str:
    """Why no timetable should bring the catalogue up to date; empty when one may.

    The first crawl takes hours of the whole rate: that begins when a person says so.
    """
    unready = why_not_ready()
    if unready or Crawl.objects.exclude(source=CrawlSource.CHANGES).exists():
        return unready
    return "Nobody has crawled the catalogue yet: python manage.py crawl_movies."


def dry_run(params: Mapping[str, object], *, say: Say, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Tell what a crawl would ask. Raises OperatorError."""
    planned = plan(CrawlWish(**clean_crawl(params)), clock)  # type: ignore[arg-type]
    for line in planned.lines():
        say(line)
    return Report(planned.as_json())


def dry_refresh(params: Mapping[str, object], *, say: Say, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Tell how many a refresh would fetch, without the changes it would find first."""
    wish = RefreshWish(**clean_refresh(params))  # type: ignore[arg-type]
    due = len(wish.tmdb_ids) or due_rows(clock.now()).count()
    count = due if wish.limit is None else min(due, wish.limit)
    say(f"Dry run: {count:,} movies would be fetched, and those changed since. Nothing was asked.")
    return Report({"dry_run": True, "due": due, "movies": count})


def put_on_queue(
    unit: str, params: Mapping[str, object], *, say: Say, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """Leave the run to the queue's workers. Raises OperatorError, Busy and Paused among it."""
    release_what_holds(clock.now(), unit=unit, ask_at_once=True)
    with key.refusal_told(unit):
        run = enqueue(unit, params, trigger="command", clock=clock)
    say(f"Queued as run {run.pk}; a worker (`python manage.py work`) takes it up.")
    return Report({"run": run.pk, "status": run.status})


def run_here(
    unit: str,
    params: Mapping[str, object],
    *,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Run until nothing is due, a signal comes or TMDB refuses. Raises OperatorError."""
    go_on = (
        f"What was stored stays; `python manage.py {unit.replace('-', '_')}` goes on from here."
    )
    with key.refusal_told(unit):
        outcome = run_at_hand(
            unit, params, stop=stop, reporter=reporter, of_what="movies", clock=clock
        )
    figures = figures_of(outcome, go_on)
    for line in _lines(figures, is_stopped=outcome.run.status != RunStatus.COMPLETED):
        say(line)
    return ending_of(outcome, figures, say, go_on)


def _lines(figures: Mapping[str, Any], *, is_stopped: bool) -> Iterator[str]:
    if figures.get("gaps"):
        yield f"{figures['gaps']} parts of the source were not read; the next crawl tries again."
    word = "Stopped" if is_stopped else "Done"
    yield (
        f"{word}. Fetched: {figures['fetched']}, Failed: {figures['failed']}, "
        f"Pending: {figures['pending']}"
    )
    seconds = max(figures["seconds"], 0.001)
    yield (
        f"Requests: {figures['requests']} in {dt.timedelta(seconds=round(seconds))}, "
        f"{figures['requests'] / seconds:.1f}/s of {figures['allowed_rate']:g}/s allowed"
    )
