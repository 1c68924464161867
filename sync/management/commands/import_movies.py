"""Store movies from files, or by their ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.movies.importing import dry_run, import_here, params_of
from sync.movies.models import MediaType


class Command(OperatorCommand):
    help = "Store movies from a folder or a ZIP of bodies, or fetch and store some by their ids."

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("path", nargs="?", type=Path, metavar="DIR|ZIP", help="as fetch_movies wrote it")
        add("--tmdb-id", nargs="+", default=[], metavar="N", help="fetch and store these")
        add(
            "--media-type",
            choices=MediaType.values,
            help="of ids, and of bodies without a manifest",
        )
        add("--dry-run", action="store_true", help="read and compare; write and ask nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        params = params_of(options["path"], options["tmdb_id"], options["media_type"])
        if options["dry_run"]:
            return dry_run(params, stop=stop, say=self.say)
        reporter = make_reporter(self.stdout, self.as_json)
        return import_here(params, stop=stop, say=self.say, reporter=reporter)
