"""Load IMDb's title list."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from popflix.lib.command import OperatorCommand, Report, StopRequest
from popflix.lib.progress import make_reporter
from sync.links.imdb_files import parse_types
from sync.links.import_report import dry_run, import_here
from sync.links.import_titles import BATCH_ROWS, MOST_BATCH_ROWS, ImportRequest
from sync.links.sample import MOST_SAMPLE_ROWS, SampleRequest, sample_titles


class Command(OperatorCommand):
    help = "Load IMDb's title.basics.tsv[.gz]; a second import writes only what changed."

    def add_own_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("file", metavar="FILE|URL|-", help="title.basics.tsv or .tsv.gz; - is standard input")
        usual = ",".join(settings.POPFLIX_TITLE_TYPES)
        add("--types", type=_types, default=usual, metavar="TYPE,…|all", help=f"({usual})")
        add(
            "--ratings",
            type=_no_dash,
            metavar="FILE|URL",
            help="title.ratings too: popular titles come first",
        )
        add(
            "--batch-size",
            type=_whole_number_up_to(MOST_BATCH_ROWS),
            default=BATCH_ROWS,
            metavar="ROWS",
            help=f"lines per transaction ({BATCH_ROWS})",
        )
        add(
            "--sample",
            type=_whole_number_up_to(MOST_SAMPLE_ROWS),
            metavar="N",
            help="only write N of FILE's rows to --out",
        )
        add(
            "--out", type=Path, metavar="F", help="where --sample writes; packed if it ends in .gz"
        )
        add("--dry-run", action="store_true", help="read, check and count; write nothing")
        self._usage_error = parser.error

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["sample"] is None) != (options["out"] is None):
            self._usage_error("--sample N and --out F go together")
        if options["sample"] is not None and (options["ratings"] or options["dry_run"]):
            self._usage_error("--sample takes neither --ratings nor --dry-run")
        self.needs_current_schema = options["sample"] is None
        super().handle(*args, **options)

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        if options["sample"] is not None:
            sample = SampleRequest(
                options["file"], options["sample"], options["out"], options["types"]
            )
            return sample_titles(sample, stop=stop, say=self.say)
        request = ImportRequest(
            options["file"],
            options["types"],
            options["ratings"],
            options["batch_size"],
            options["dry_run"],
        )
        reporter = make_reporter(self.stdout, self.as_json)
        perform = dry_run if request.dry_run else import_here
        return perform(request, stop=stop, say=self.say, reporter=reporter)


def _types(text: str) -> tuple[str, ...] | None:
    try:
        return parse_types(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _no_dash(text: str) -> str:
    if text == "-":
        raise argparse.ArgumentTypeError("ratings cannot come from standard input")
    return text


def _whole_number_up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if text.isascii() and text.isdigit() and 1 <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 to {most}")

    return number
