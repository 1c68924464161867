"""Load feeds of cinema programmes into staging."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from reconcile.feed.load import BATCH_ROWS, MOST_BATCH_ROWS
from reconcile.feed.report import DEFAULT_FILE, LoadRequest, load_here
from reconcile.feed.zones import is_zone


class Command(OperatorCommand):
    help = (
        "Load feeds of shows into the staging table SyncShow: those of POPFLIX_FEEDS, else "
        f"{DEFAULT_FILE}. A feed that is empty, cut off or no feed at all leaves staging as it is."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("place", nargs="?", metavar="PATH|URL|-", help="another place; - is standard input")
        add("--source", metavar="NAME", help="the feed's name: cinemas belong to it")
        add(
            "--time-zone",
            type=_zone,
            metavar="ZONE",
            help="the feed's times are this zone's wall clock, whatever stands behind them",
        )
        add(
            "--batch-size",
            type=_batch_size,
            default=BATCH_ROWS,
            metavar="N",
            help=f"rows per transaction while the feed is read ({BATCH_ROWS})",
        )
        add("--dry-run", action="store_true", help="read, check and count; write nothing")

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        request = LoadRequest(
            options["place"],
            options["source"],
            options["time_zone"],
            options["batch_size"],
            options["dry_run"],
        )
        reporter = make_reporter(self.stderr, self.as_json)  # stdout has the lines alone
        return load_here(
            request, stop=stop, say=self.say, warn=self.stderr.write, reporter=reporter
        )


def _zone(text: str) -> str:
    if is_zone(text):
        return text
    raise argparse.ArgumentTypeError(f"{text} is no time zone, as Europe/Berlin is one")


def _batch_size(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_BATCH_ROWS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 to {MOST_BATCH_ROWS}")
