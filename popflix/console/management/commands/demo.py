"""`manage.py demo`: the main job on invented titles; no key, no network, no database server."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from popflix.console.command import ConsoleCommand
from popflix.console.demo import preview_demo, run_demo
from popflix.console.tables import tables
from popflix.lib.command import Report, StopRequest


class Command(ConsoleCommand):
    help = "Show the main job on invented titles, in a folder of its own."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        # The demo's own last step, run in the demo's environment.
        parser.add_argument("--show", action="store_true", help=argparse.SUPPRESS)

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        if options["show"]:
            return Report({"tables": [vars(table) for table in tables()]})
        make = preview_demo if options["dry_run"] else run_demo
        return make(settings.POPFLIX_VAR, settings.BASE_DIR, stop=stop, say=self.say)
