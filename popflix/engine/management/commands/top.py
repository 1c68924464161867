"""Watch the units at work."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.engine.views import live
from popflix.lib.command import OperatorCommand, Report, StopRequest


class Command(OperatorCommand):
    help = "Watch units, runs, workers and rates; q or Ctrl-C ends."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="one frame, as where there is no terminal"
        )

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        if options["once"] or self.as_json or not live.is_terminal(self.stdout):
            return live.once(out=self.stdout, as_json=self.as_json)
        return live.live(out=self.stdout, stop=stop)
