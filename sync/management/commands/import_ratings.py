"""Take a source's ratings from a file."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.movies.import_ratings import import_ratings

_SOURCES = ("letterboxd", "imdb", "metacritic", "rotten_tomatoes")  # TMDB's come with its records


class Command(OperatorCommand):
    help = "Take ratings of movies from a CSV or JSON lines, or from IMDb's title.ratings.tsv.gz."

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("file", metavar="FILE|URL|-", help="by tconst or tmdb_id; may be packed")
        add("--source", choices=_SOURCES, required=True, help="whose ratings they are")
        add("--dry-run", action="store_true", help="read, check and count; write nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        reporter = make_reporter(self.stdout, self.as_json)
        return import_ratings(
            options["file"],
            options["source"],
            dry_run=options["dry_run"],
            stop=stop,
            say=self.say,
            reporter=reporter,
        )
