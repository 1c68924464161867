"""From staging into master."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.people import os_user
from popflix.lib.progress import make_reporter
from reconcile.changes.judging.report import dry_run, reconcile_here
from reconcile.changes.judging.wish import BATCH_ROWS


class Command(OperatorCommand):
    help = (
        "Judge the newest load of each feed: what differs from MasterShow becomes a change set, "
        "and what needs no person is applied."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--review", action="store_true", help="apply nothing: hold every change")
        add("--source", action="append", metavar="NAME", help="only this feed; may be repeated")
        add(
            "--cinema",
            action="append",
            type=int,
            metavar="ID",
            help="only this cinema; may be repeated",
        )
        add(
            "--batch-size",
            type=int,
            default=BATCH_ROWS,
            metavar="ROWS",
            help=f"changed rows per transaction ({BATCH_ROWS})",
        )
        add("--now", metavar="ISO", help="judge as of this instant: which shows are to come")
        add("--force", action="store_true", help="apply what the guards would hold")
        add("--why", default="", metavar="TEXT", help="why it is forced: the audit trail keeps it")
        add("--dry-run", action="store_true", help="say what would be done; write nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        params = {name: options[name] for name in ("review", "batch_size", "now", "force", "why")}
        params |= {"sources": options["source"], "cinemas": options["cinema"]}
        if options["force"]:
            params["by"] = os_user()
        if options["dry_run"]:
            return dry_run(params, say=self.say)
        reporter = make_reporter(self.stderr, self.as_json)  # stdout has the lines alone
        return reconcile_here(params, stop=stop, say=self.say, reporter=reporter)
