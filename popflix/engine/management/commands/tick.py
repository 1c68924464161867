"""One look of the watcher, for cron and systemd timers."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.engine.watch import Watcher
from popflix.lib.command import OperatorCommand, Report, StopRequest


class Command(OperatorCommand):
    help = (
        "Start what is due, deliver again what nobody took, and pick up what dead processes left "
        "behind. `manage.py work` does so by itself; this is for hosts without it."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done; do nothing"
        )

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        watcher = Watcher()
        if options["dry_run"]:
            would = [str(action) for action in watcher.look()]
            self._say_all(would, "Nothing is to be done.")
            return Report({"would": would})
        done = watcher.tick()
        self._say_all([str(each) for each in done], "Nothing was to be done.")
        return Report({"done": [each.as_data() for each in done]})

    def _say_all(self, lines: list[str], otherwise: str) -> None:
        for line in lines or [otherwise]:
            self.say(line)
