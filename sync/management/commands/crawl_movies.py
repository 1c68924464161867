"""Bring TMDB's whole catalogue in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.movies.campaign import CRAWL, dry_run, put_on_queue, run_here

_PARAMS = (
    "source", "media_type", "from_date", "to_date", "start_page", "start_index", "batch_size",
    "concurrency", "limit", "include_adult",
)  # fmt: skip


class Command(OperatorCommand):
    help = (
        "List every id of TMDB's catalogue, fetch each that is not held fresh, and certify how "
        "much of it is held. Stopped or killed, it goes on where it was."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--source", default="export", help="export (the daily file, default) or discover")
        add("--media-type", default="movie", help="movie (default) or tv")
        add("--from", dest="from_date", metavar="DAY", help="discover: the first release date")
        add("--to", dest="to_date", metavar="DAY", help="discover: the last release date")
        add("--start-page", type=int, metavar="N", help="discover: begin the window at this page")
        add("--start-index", type=int, metavar="N", help="export: begin at this line, from 0 on")
        add("--batch-size", type=int, default=100, metavar="N", help="rows held at once (100)")
        add("--concurrency", type=int, metavar="N", help="requests in flight (TMDB_CONCURRENCY)")
        add("--limit", type=int, metavar="N", help="fetch at most N movies")
        add("--include-adult", action="store_true", help="also what TMDB files as adult")
        add("--dry-run", action="store_true", help="say what it would need; write nothing")
        add("--enqueue", action="store_true", help="leave the work to the queue's workers")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        params = {name: options[name] for name in _PARAMS}
        if options["dry_run"]:
            return dry_run(params, say=self.say)
        if options["enqueue"]:
            return put_on_queue(CRAWL, params, say=self.say)
        reporter = make_reporter(self.stdout, self.as_json)
        return run_here(CRAWL, params, stop=stop, say=self.say, reporter=reporter)
