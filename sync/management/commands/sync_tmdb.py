"""Give every title its poster and trailer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.links.campaign import dry_run, put_on_queue, run_here
from sync.links.wish import STALE_DAYS


class Command(OperatorCommand):
    help = (
        "Ask TMDB about each title that is due and store poster, trailer and the reasons. "
        "At the end, Success and Failed count the titles that this run settled, Pending all "
        "titles of POPFLIX_TITLE_TYPES that are still to be answered."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--limit", type=int, metavar="N", help="settle at most N titles")
        add("--batch-size", type=int, default=100, metavar="N", help="rows held at once (100)")
        add("--concurrency", type=int, metavar="N", help="requests in flight (TMDB_CONCURRENCY)")
        add("--imdb-id", action="append", metavar="tt…", help="only this title; may be repeated")
        add(
            "--retry-failed",
            nargs="?",
            const="",
            metavar="KIND",
            help="also titles that failed: not_found, ambiguous, bad_payload, rejected, gave_up",
        )
        add(
            "--stale-days",
            type=int,
            metavar="N",
            help=f"refresh answers older than N days ({STALE_DAYS}, at most 179)",
        )
        add("--dry-run", action="store_true", help="say what would be asked; ask nothing")
        add("--enqueue", action="store_true", help="leave the work to the queue's workers")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        names = ("limit", "batch_size", "concurrency", "retry_failed", "stale_days")
        params = {name: options[name] for name in names} | {"imdb_ids": options["imdb_id"]}
        if options["dry_run"]:
            return dry_run(params, say=self.say)
        if options["enqueue"]:
            return put_on_queue(params, say=self.say)
        reporter = make_reporter(self.stdout, self.as_json)
        return run_here(params, stop=stop, say=self.say, reporter=reporter)
