"""Bring movies back that were excluded."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from sync.movies.excluding_here import restore_here
from sync.movies.models import MediaType


class Command(OperatorCommand):
    help = "Bring back movies that delete_movie excluded or purged, and have them fetched."

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("ids", nargs="+", metavar="ID", help="TMDB's ids")
        add("--media-type", choices=MediaType.values, default="movie", help="what ids are of")
        add("--why", default="", help="for the audit trail")
        add("--dry-run", action="store_true", help="count; change nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return restore_here(
            options["ids"],
            options["media_type"],
            why=options["why"],
            dry_run=options["dry_run"],
            say=self.say,
        )
