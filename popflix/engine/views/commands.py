"""What several of the engine's commands have in common: their arguments."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.engine.views.controls import Asked
from popflix.engine.views.params import parse_params
from popflix.engine.views.running import Here, put_on_queue, rehearse, run_here
from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.people import os_user
from popflix.lib.progress import make_reporter

_LONGEST_NAME = 150  # characters, as the columns are


class RunCommand(OperatorCommand):
    """Runs what NAME says, here or on the queue."""

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("name", metavar="NAME", help="as `units` lists it")
        add(
            "--param",
            action="append",
            default=[],
            metavar="k=v",
            help="a parameter, v as JSON or text; may be repeated",
        )
        add("--enqueue", action="store_true", help="leave the run to the queue's workers")
        add("--dry-run", action="store_true", help="only say what would be run, or why not")

    def run_as_asked(self, stop: StopRequest, options: dict[str, Any]) -> Report:
        name, params = options["name"], parse_params(options["param"])
        if options["dry_run"]:
            return rehearse(name, params, say=self.say)
        if options["enqueue"]:
            return put_on_queue(name, params, say=self.say)
        reporter = make_reporter(self.stdout, self.as_json)
        return run_here(name, params, Here(stop, self.say, reporter))


class ControlCommand(OperatorCommand):
    """Changes what runs: in somebody's name, for a reason."""

    needs_reason = False

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        self.add_subject(parser)
        add("--why", required=self.needs_reason, default="", metavar="TEXT", help="the reason")
        add("--by", default=os_user(), metavar="NAME", help="who does it (you)")
        add("--dry-run", action="store_true", help="only say what would be done")

    def add_subject(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the unit, as `units` lists it")

    def asked(self, options: dict[str, Any]) -> Asked:
        by = options["by"].strip()[:_LONGEST_NAME] or os_user()
        return Asked(by, options["why"], options["dry_run"], self.say)
