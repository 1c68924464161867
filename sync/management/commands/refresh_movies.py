"""Keep the movies that are held true."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.movies.campaign import REFRESH, dry_refresh, put_on_queue, run_here

_PARAMS = ("media_type", "batch_size", "concurrency", "limit", "tmdb_ids")


class Command(OperatorCommand):
    help = (
        "Follow TMDB's changes since the last refresh, and fetch what is due by them or by its "
        "age; with --tmdb-id these alone, at once."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--tmdb-id", dest="tmdb_ids", type=int, nargs="+", metavar="N", help="only these")
        add("--media-type", default="movie", help="movie (default) or tv")
        add("--batch-size", type=int, default=100, metavar="N", help="rows held at once (100)")
        add("--concurrency", type=int, metavar="N", help="requests in flight (TMDB_CONCURRENCY)")
        add("--limit", type=int, metavar="N", help="fetch at most N movies")
        add("--dry-run", action="store_true", help="say how many are due; ask nothing")
        add("--enqueue", action="store_true", help="leave the work to the queue's workers")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        params = {name: options[name] for name in _PARAMS}
        if options["dry_run"]:
            return dry_refresh(params, say=self.say)
        if options["enqueue"]:
            return put_on_queue(REFRESH, params, say=self.say)
        reporter = make_reporter(self.stdout, self.as_json)
        return run_here(REFRESH, params, stop=stop, say=self.say, reporter=reporter)
