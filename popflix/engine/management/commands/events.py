"""Show what happened, and what happens."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from popflix.engine.models import Event
from popflix.engine.views import events
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import OperatorCommand, Report, StopRequest


class Command(OperatorCommand):
    help = "Show events, the newest ones unless --since says otherwise; --json prints one a line."
    prints_json_lines = True

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--follow", action="store_true", help="go on with what comes, until Ctrl-C")
        add("--unit", default="", metavar="NAME", help="of this unit alone")
        add("--since", metavar="10m|INSTANT|ID", help="from there on; a number is an event's id")
        add("--limit", type=int, metavar="N", help="at most N of the past (50 without --since)")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        wanted = events.wanted(
            options["since"], options["limit"], options["unit"],
            follow=options["follow"], now=SYSTEM_CLOCK.now(),
        )  # fmt: skip
        return events.stream(
            wanted, follow=options["follow"], stop=stop, emit=self._emit, out=self.stdout
        )

    def _emit(self, event: Event) -> None:
        if self.as_json:
            self.print_json(events.as_json(event))
        else:
            self.stdout.write(events.as_line(event, timezone.get_current_timezone()))
