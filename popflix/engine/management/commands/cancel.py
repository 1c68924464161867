"""Cancel a run."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.engine.views import controls
from popflix.engine.views.commands import ControlCommand
from popflix.lib.command import Report, StopRequest


class Command(ControlCommand):
    help = "End a run, at once or between two of its chunks; what it committed stays."

    def add_subject(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, metavar="RUN", help="the number of the run")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return controls.cancel(options["run"], self.asked(options))
