"""Old shows out of master, and back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from reconcile.shows.archive_report import ArchiveRequest, perform
from reconcile.shows.archive_wish import DAYS


class Command(OperatorCommand):
    help = (
        "Take shows that are long over out of MasterShow into packed files, or bring such a "
        "file back. Nothing is removed before its file is whole and on the disk."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--older-than", metavar="AGE", help=f"days or weeks: 12w; {DAYS}d by default")
        add("--to", metavar="FOLDER", help="where files are written; POPFLIX_ARCHIVE by default")
        add("--restore", metavar="FILE", help="bring the shows of this file back instead")
        add("--dry-run", action="store_true", help="say what would be done; write nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        request = ArchiveRequest(
            options["older_than"], options["to"], options["restore"], options["dry_run"]
        )
        reporter = make_reporter(self.stderr, self.as_json)
        return perform(request, stop=stop, say=self.say, reporter=reporter)
