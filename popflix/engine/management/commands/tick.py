"""One look of the watcher, for cron and systemd timers."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.engine import status
from popflix.engine.models import Run, RunStatus
from popflix.engine.watch import Watcher
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import OperatorCommand, Report, StopRequest


class Command(OperatorCommand):
    help = (
        "Start what is due, deliver again what nobody took, and pick up what dead processes left "
        "behind. `manage.py work` does so by itself, and is needed on some host in any case: it "
        "works on what is started."
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
        self._warn_where_nobody_works()
        return Report({"done": [each.as_data() for each in done]})

    def _warn_where_nobody_works(self) -> None:
        """A tick only queues: where there is no worker, what it starts would wait for ever."""
        warning = status.nobody_works(status.supervisors(SYSTEM_CLOCK.now()))
        if warning and Run.objects.filter(status=RunStatus.QUEUED).exists():
            self.say(f"{warning} Until then queued runs wait.")

    def _say_all(self, lines: list[str], otherwise: str) -> None:
        for line in lines or [otherwise]:
            self.say(line)
