"""Read the stored payloads anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.movies.replay import replay_movies


class Command(OperatorCommand):
    help = "Tell which movies the present transform would change; --apply changes them."

    def add_own_arguments(self, parser: CommandParser) -> None:
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--apply", action="store_true", help="write what differs")
        either.add_argument("--dry-run", action="store_true", help="only tell (the default)")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        reporter = make_reporter(self.stdout, self.as_json)
        return replay_movies(apply=options["apply"], stop=stop, say=self.say, reporter=reporter)
