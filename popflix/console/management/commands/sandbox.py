"""`manage.py sandbox`: a stand-in TMDB to try popflix against."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from popflix.sandbox.main import address_json, serve
from popflix.sandbox.options import Options, add_options


class Command(BaseCommand):
    help = "Serve a stand-in TMDB with invented titles on this machine, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object, url and port, on stdout and all else on stderr",
        )
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        announce = self._announce_json if options["json"] else self._announce
        code = serve(Options.of(options), announce=announce, say=self.stderr.write)
        if code:
            raise SystemExit(code)

    def _announce_json(self, port: int, described: str) -> None:
        self.stdout.write(address_json(port))
        self.stdout.flush()

    def _announce(self, port: int, described: str) -> None:
        root = f"http://127.0.0.1:{port}"
        self.stdout.write(
            f"A stand-in TMDB serves {described} at {root}/3 (Ctrl-C ends it).\n"
            f"Point popflix at it:     TMDB_BASE_URL={root}/3 TMDB_READ_TOKEN=any-word\n"
            f"Its titles, as IMDb's:   {root}/__sandbox__/title.basics.tsv\n"
            f"A feed of shows:         {root}/shows.json (try ?edition=2, or ?faults=html)\n"
            f"Files of ids (--movies): {root}/p/exports/movie_ids_MM_DD_YYYY.json.gz\n"
            f"A provider of films:     {root}/embed/movie/{{tmdb_id}}\n"
            f"What was asked so far:   {root}/__sandbox__/report"
        )
        self.stdout.flush()
