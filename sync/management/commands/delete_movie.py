"""Hide movies, and have no crawl bring them back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from sync.movies.excluding_here import delete_here
from sync.movies.models import MediaType


class Command(OperatorCommand):
    help = "Hide movies and exclude them from crawls; --purge removes all that is held of them."

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("ids", nargs="+", metavar="ID", help="TMDB's ids")
        add("--media-type", choices=MediaType.values, default="movie", help="what ids are of")
        add("--why", default="", help="for the audit trail")
        add("--purge", action="store_true", help="remove the rows, and payloads nobody else needs")
        add("--dry-run", action="store_true", help="count; change nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        names = ("why", "purge", "dry_run")
        return delete_here(
            options["ids"],
            options["media_type"],
            say=self.say,
            **{name: options[name] for name in names},
        )
