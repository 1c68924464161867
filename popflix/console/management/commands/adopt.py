"""Compare the tables that are there with popflix's, then take them over by migrating."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.errors import EXIT_NEEDS_PERSON
from popflix.lib.schema.report import as_data, lines
from popflix.lib.schema.survey import survey


class Command(OperatorCommand):
    help = (
        "Take over tables that exist: tell for each adoptable table whether it is absent, fits, "
        "lacks columns or does not fit, with the SQL to run; then migrate. Ends 3 when a person "
        "must act first."
    )
    needs_current_schema = False

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            "--dry-run",
            action="store_true",
            dest="check",
            help="only tell; touch nothing",
        )
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="alias of the database")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        tables = survey(connections[options["database"]])
        for table in tables:
            for line in lines(table):
                self.say(line)
        fits = not any(table.comparison.misfits for table in tables)
        migrates = fits and not options["check"]
        if migrates:
            self.migrate(options["database"], options["verbosity"])
        elif not fits:
            self.say("Nothing was touched. Run the SQL above, then this command again.")
        data = {"fits": fits, "migrated": migrates, "tables": [as_data(each) for each in tables]}
        return Report(data, exit_code=0 if fits else EXIT_NEEDS_PERSON)

    def migrate(self, database: str, verbosity: int) -> None:
        call_command(
            "migrate",
            database=database,
            interactive=False,
            verbosity=verbosity,
            stdout=self.stderr if self.as_json else self.stdout,
        )
