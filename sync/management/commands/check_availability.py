"""Check where movies can be watched."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.availability.campaign import dry_run, put_on_queue, run_here

_PARAMS = ("region", "limit", "stale_hours", "retry_unknown", "concurrency")


class Command(OperatorCommand):
    help = (
        "Ask the providers of POPFLIX_PROVIDERS about each movie that is due: shows on sale "
        "first, then the most popular, then the stalest. One provider after the other."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--provider", nargs="+", default=[], metavar="NAME", help="only these providers")
        add(
            "--region",
            metavar="CC",
            help="leave out providers of other regions; what was never checked for it is due",
        )
        add("--limit", type=int, metavar="N", help="at most N checks of each provider")
        add("--stale-hours", type=float, metavar="H",
            help="an answer is due again after H hours (POPFLIX_STALE_HOURS, 24)")  # fmt: skip
        add(
            "--retry-unknown",
            action="store_true",
            help="also what found no answer, given up or not",
        )
        add("--concurrency", type=int, metavar="N", help="requests in flight (the provider's own)")
        add("--dry-run", action="store_true", help="say what would be asked; ask nothing")
        add("--enqueue", action="store_true", help="leave the work to the queue's workers")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        names, params = options["provider"], {name: options[name] for name in _PARAMS}
        if options["dry_run"]:
            return dry_run(names, params, say=self.say)
        if options["enqueue"]:
            return put_on_queue(names, params, say=self.say)
        reporter = make_reporter(self.stdout, self.as_json)
        return run_here(names, params, stop=stop, say=self.say, reporter=reporter)
