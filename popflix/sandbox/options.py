"""The options, for `python -m popflix.sandbox` and for `manage.py sandbox` alike."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from popflix.sandbox.catalogue import MOST_TITLES
from popflix.sandbox.faults import FAULTS, FaultSpecError, parse_faults
from popflix.sandbox.movies import MOST_MOVIES
from popflix.sandbox.movies_api import MOST_PAGES
from popflix.sandbox.provider_manners import BEHAVIOURS, HONEST, Behaviour, parse_behaviour
from popflix.sandbox.shows_faults import SHOW_FAULTS, parse_show_faults

API_KEY_VARIABLE = "POPFLIX_SANDBOX_API_KEY"
READ_TOKEN_VARIABLE = "POPFLIX_SANDBOX_READ_TOKEN"


@dataclass(frozen=True)
class Options:
    """What the sandbox is started with; `of` reads it from parsed arguments."""

    port: int
    titles: int
    seed: int
    no_direct: bool
    data: Path | None
    latency_ms: float
    faults: Mapping[str, float]
    fault_limit: int
    slow_ms: float
    retry_after: int | None
    hard_limit: int
    cinemas: int
    shows: int
    edition: int
    show_faults: frozenset[str]
    movies: int
    discover_cap: int
    drift: float
    export_hour: int
    broken_movies: int
    provider: Behaviour
    provider_latency_ms: float
    api_key: str = field(repr=False)
    read_token: str = field(repr=False)
    verbose: bool
    until_stdin_closes: bool

    @classmethod
    def of(cls, parsed: Mapping[str, Any]) -> Options:
        """Take the options from parsed arguments, which may hold others besides."""
        return cls(**{each.name: parsed[each.name] for each in fields(cls)})


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare every option; a bad value ends in a usage error that names it."""
    _add_content(parser)
    _add_behaviour(parser)
    _add_shows(parser)
    _add_movies(parser)
    _add_provider(parser)
    _add_keys(parser)
    # with a parent that may be killed: its end of the pipe closes with it
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)


def _add_content(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", type=_whole(0, 65535), default=8123, help="0 for any free one (default 8123)")
    add("--titles", type=_whole(1, MOST_TITLES), default=300, help="how many (default 300)")
    add("--seed", type=_whole(0, 2**31), default=1, help="draws titles and faults (default 1)")
    add("--no-direct", action="store_true", help="no movie is known by its tconst, only by /find")
    add("--data", type=_folder, help="serve the recorded bodies of this folder instead")
    add("--verbose", action="store_true", help="log each request, never its query")


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--latency-ms", type=_number(0, 600_000), default=0, help="of each answer (default 0)")
    add(
        "--faults",
        type=_faults,
        default={},
        metavar="NAME=SHARE,…",
        help=f"shares from 0 to 1 of {', '.join(FAULTS)}; for instance 429=0.05,500=0.02",
    )
    add(
        "--fault-limit",
        type=_whole(1, 1_000_000),
        default=3,
        help="faults in a row for one path at most (default 3)",
    )
    add("--slow-ms", type=_number(0, 600_000), default=3000, help="of `slow` (default 3000)")
    add("--retry-after", type=_whole(0, 100_000), help="seconds, sent with 429 (TMDB sends none)")
    add(
        "--hard-limit",
        type=_whole(0, 1_000_000),
        default=0,
        help="429 for what exceeds so many requests in a sliding second (default none)",
    )


def _add_shows(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--cinemas", type=_whole(1, 5000), default=8, help="of the feed of shows (default 8)")
    add(
        "--shows",
        type=_whole(1, 5_000_000),
        default=500,
        help="about how many the feed lists, in whole days (default 500)",
    )
    add("--edition", type=_whole(1, 50), default=1, help="of the feed; each differs (default 1)")
    add(
        "--show-faults",
        type=_show_faults,
        default=frozenset(),
        metavar="NAME,…",
        help=f"what is wrong with the feed of shows: {', '.join(SHOW_FAULTS)}",
    )


def _add_movies(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--movies",
        type=_whole(0, MOST_MOVIES),
        default=0,
        help="a catalogue to crawl of so many films and a fifth as many series (default none)",
    )
    add(
        "--discover-cap",
        type=_whole(1, MOST_PAGES),
        default=MOST_PAGES,
        help=f"the last page of /discover that is served (default {MOST_PAGES})",
    )
    add(
        "--drift",
        type=_number(0, 1),
        default=0,
        help="share of the edges between pages of /discover that films cross (default 0)",
    )
    add(
        "--export-hour",
        type=_whole(0, 24),
        default=0,
        help="UTC hour from which the export of today is there; 24: not today (default 0)",
    )
    add(
        "--broken-movies",
        type=_whole(0, MOST_MOVIES),
        default=0,
        help="so many films at most always answer 500: holes to be named (default 0)",
    )


def _add_provider(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--provider",
        type=_behaviour,
        default=HONEST,
        metavar="NAME=SHARE",
        help=f"how the provider at /embed/ behaves, and to which share of requests (default "
        f"honest): {', '.join(BEHAVIOURS)}",
    )
    add(
        "--provider-latency-ms",
        type=_number(0, 600_000),
        default=0,
        help="of each answer of the provider (default 0)",
    )


def _add_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--api-key",
        default=os.environ.get(API_KEY_VARIABLE, ""),
        help=f"the only v3 key to accept; better in ${API_KEY_VARIABLE}, unseen by `ps`",
    )
    parser.add_argument(
        "--read-token",
        default=os.environ.get(READ_TOKEN_VARIABLE, ""),
        help=f"the only v4 token to accept; better in ${READ_TOKEN_VARIABLE}",
    )


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {least} to {most}"
            )
        return int(text)

    return read


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number from {least:g} to {most:g}"
            )
        return number

    return read


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return folder


def _faults(text: str) -> dict[str, float]:
    try:
        return parse_faults(text)
    except FaultSpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _show_faults(text: str) -> frozenset[str]:
    try:
        return parse_show_faults(text)
    except FaultSpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _behaviour(text: str) -> Behaviour:
    try:
        return parse_behaviour(text)
    except FaultSpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
