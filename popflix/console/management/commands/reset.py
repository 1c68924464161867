"""`manage.py reset`: drop all tables and migrate; only with DEBUG on, and only after a yes."""

from __future__ import annotations

import select
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from popflix.console.command import ConsoleCommand
from popflix.console.resetting import (
    Inventory,
    drop_and_migrate,
    refuse_live_site,
    take_inventory,
    unanswered,
)
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import Stopped


class Command(ConsoleCommand):
    help = "Drop all tables of the database and migrate. Refused unless DEBUG is on."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        refuse_live_site(settings.DEBUG)
        inventory = take_inventory()
        if options["dry_run"]:
            self.say(f"Would drop {len(inventory.tables)} tables of {inventory.database}.")
            return self._report(inventory, reset=False)
        if not options["yes"] and not self._agreed(inventory, stop):
            self.say("Nothing was dropped.")
            return self._report(inventory, reset=False, exit_code=1)
        drop_and_migrate(inventory)
        self.say(f"Dropped {len(inventory.tables)} tables of {inventory.database} and migrated.")
        return self._report(inventory, reset=True)

    def _agreed(self, inventory: Inventory, stop: StopRequest) -> bool:
        if not sys.stdin.isatty():
            raise unanswered()
        self.stderr.write(f"{inventory.question()} Type yes: ", ending="")
        self.stderr.flush()
        while not stop:
            if select.select([sys.stdin], [], [], 0.2)[0]:
                return sys.stdin.readline().strip().lower() == "yes"
        raise Stopped(stop.signal_number or signal.SIGINT, "Nothing was dropped.")

    def _report(self, inventory: Inventory, *, reset: bool, exit_code: int = 0) -> Report:
        data = {"database": inventory.database, "tables": inventory.tables, "reset": reset}
        return Report(data, exit_code=exit_code)
