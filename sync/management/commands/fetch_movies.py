"""Keep TMDB's records in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.movies.fetching_files import fetch_here, plan_fetch
from sync.movies.models import MediaType


class Command(OperatorCommand):
    help = "Fetch TMDB's whole records into a folder, which import_movies reads."

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("ids", nargs="*", metavar="ID", help="TMDB's ids")
        add("--ids-file", type=Path, metavar="F", help="a file with one id a line")
        add("--into", type=Path, required=True, metavar="DIR", help="where the bodies are kept")
        add("--media-type", choices=MediaType.values, default="movie", help="what ids are of")
        add("--dry-run", action="store_true", help="count what would be asked; ask nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        wanted = options["ids"], options["ids_file"], options["into"], options["media_type"]
        if options["dry_run"]:
            return plan_fetch(*wanted, say=self.say)
        reporter = make_reporter(self.stdout, self.as_json)
        return fetch_here(*wanted, stop=stop, say=self.say, reporter=reporter)
