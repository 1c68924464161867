"""What failed for good: list, retry, discard, export."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.engine.deadletters.desk import Asked, serve
from popflix.engine.deadletters.letters import Wanted
from popflix.engine.views.running import Here
from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.people import os_user
from popflix.lib.progress import make_reporter


class Command(OperatorCommand):
    help = (
        "List what failed for good, grouped by its error: failed runs and given-up rows. "
        "With --retry, --discard or --export do that with what the filters leave."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--source", default="", metavar="NAME", help="only this source, such as runs")
        add("--unit", default="", metavar="NAME", help="only of this unit")
        add("--kind", default="", metavar="KIND", help="only of this kind: error, gave_up, …")
        add("--group", default="", metavar="ID", help="only this group, as the list names it")
        add("--retry", action="store_true", help="make them work again, spread over time")
        add("--sampled", action="store_true", help="five of a group first, the rest if four pass")
        add("--per-minute", type=int, metavar="N", help="how many a minute (60)")
        add("--letter", default="", metavar="KEY", help="retry this one alone, at once")
        add("--enqueue", action="store_true", help="leave the retrying to the queue's workers")
        add("--discard", action="store_true", help="drop them from the list; needs --why")
        add("--why", default="", metavar="TEXT", help="the reason, for the audit trail")
        add("--by", default=os_user(), metavar="NAME", help="who does it (you)")
        add("--export", default="", metavar="FILE", help="write them to FILE.csv or FILE.jsonl")
        add("--dry-run", action="store_true", help="only say what would be done")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        names = ("retry", "sampled", "per_minute", "letter", "enqueue", "discard", "why", "export")
        asked = Asked(
            Wanted(options["source"], options["unit"], options["kind"], options["group"]),
            by=options["by"],
            say=self.say,
            is_rehearsal=options["dry_run"],
            **{name: options[name] for name in names},
        )
        return serve(asked, lambda: Here(stop, self.say, make_reporter(self.stdout, self.as_json)))
