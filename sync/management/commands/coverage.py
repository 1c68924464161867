"""Certify how much of TMDB's catalogue is held."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from sync.movies.coverage import measure


class Command(OperatorCommand):
    help = (
        "Compare the movies that are held with an export of ids: held, missing, gone. Exit code "
        "3 where some are missing. Without FILE the newest crawl's export is taken."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--export", metavar="FILE", help="an export on this host, packed or plain")
        add("--media-type", default="movie", choices=("movie", "tv"), help="movie (default) or tv")
        add("--dry-run", action="store_true", help="tell it; keep no certificate")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return measure(
            options["export"], options["media_type"], dry_run=options["dry_run"], say=self.say
        )
