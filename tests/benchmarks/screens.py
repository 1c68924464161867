"""The operator's pages at a few and at millions of media links, on SQLite and MariaDB.

    python -m tests.benchmarks.screens [--small 10000] [--large 5000000] [--rounds 7]
        [--database sqlite] [--only WORDS] [--keep FOLDER] [--plans]

Each page is looked at in turns on the small and on the large site: median milliseconds of both,
and their ratio. Where a filter leaves the small site fewer rows to show, that is said instead of
missed: rows cost more than anything else.

`--keep` keeps the filled databases (about 6 GB) and takes them again next time, after migrating
them; `--plans` shows the slowest query of each page that missed its target.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks._report import say, seconds_of
from tests.services.servers import Missing, start_mariadb
from tests.site import ROOT, Site, ensure_mysql_database

TARGET = 2.0
LEAST_MS = 1.0  # what is quicker than that is rounding
_AN_HOUR = 3600.0


class Process:
    """A site's process (`tests.benchmarks._clicking`)."""

    def __init__(self, site: Site) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks._clicking"],
            env=site.env | {"LOG_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, *words: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the site's process ended at {words}")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@dataclass(frozen=True)
class Options:
    small: int
    large: int
    rounds: int
    database: str
    only: str
    keep: Path | None
    plans: bool


def options() -> Options:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", type=int, default=10_000, metavar="ROWS")
    parser.add_argument("--large", type=int, default=5_000_000, metavar="ROWS")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="")
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    parser.add_argument("--keep", type=Path, help="a folder for the filled databases")
    parser.add_argument("--plans", action="store_true")
    return Options(**vars(parser.parse_args()))


def main() -> None:
    asked = options()
    with contextlib.ExitStack() as stack:
        if asked.keep is None:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="popflix-screens-"))
            folder = Path(name)
        else:
            folder = asked.keep.resolve()
        if asked.database != "mariadb":
            measure("SQLite", folder / "sqlite", "", asked)
        if asked.database != "sqlite":
            with contextlib.suppress(Missing), mariadb(folder, asked) as server_url:
                measure("MariaDB", folder / "mariadb", server_url, asked)


@contextlib.contextmanager
def mariadb(folder: Path, asked: Options) -> Iterator[str]:
    try:
        server = start_mariadb(folder / "server" if asked.keep else None)
    except Missing as missing:
        say(f"MariaDB is left out: {missing}")
        raise
    try:
        yield server.url
    finally:
        server.stop()


def measure(name: str, folder: Path, server_url: str, asked: Options) -> None:
    sizes = (asked.small, asked.large)
    say(f"== {name}: {sizes[0]:,} and {sizes[1]:,} media links, median of {asked.rounds}")
    with contextlib.ExitStack() as stack:
        small, large = (_filled(folder / str(rows), server_url, rows, stack) for rows in sizes)
        paths = (small.ask("pages"), large.ask("pages"))
        names = [each for each in paths[0] if each in paths[1] and asked.only in each]
        missed, looked = [], 0
        for each in names:
            sides = ((small, paths[0][each]), (large, paths[1][each]))
            times = _in_turns(sides, asked.rounds)
            if times is None:
                continue
            looked += 1
            (small_ms, few), (large_ms, many) = times
            ratio = large_ms / max(small_ms, LEAST_MS)
            word = _word(ratio, few, many)
            say(f"{each:<64} {small_ms:8.1f} ms {large_ms:8.1f} ms  {ratio:5.2f} x  {word}")
            if word == "missed":
                missed.append(each)
                if asked.plans:
                    _tell_plan(large.ask("plan", paths[1][each]))
        say(
            f"{name}: {looked - len(missed)} of {looked} pages within {TARGET:g} x their time at "
            f"{sizes[0]:,}, or with more rows to show"
        )


def _word(ratio: float, few: int, many: int) -> str:
    if ratio <= TARGET:
        return "kept"
    return f"shows {many} rows, not {few}" if few < 0.8 * many else "missed"


def _filled(folder: Path, server_url: str, rows: int, stack: contextlib.ExitStack) -> Process:
    """The site of so many rows, filled now or an earlier time."""
    marker = folder / "filled"
    if not marker.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    named = f"screens_{rows}"
    url = ensure_mysql_database(server_url, named, anew=not marker.exists()) if server_url else ""
    site = Site(folder, url)
    site.manage("migrate", "-v0", timeout=_AN_HOUR)
    process = Process(site)
    stack.callback(process.close)
    if not marker.exists():
        say(f"filled {rows:,} rows in {seconds_of(lambda: process.ask('fill', rows)):.0f} s")
        process.close()
        marker.touch()
        process = Process(site)  # without the settings of the filling
        stack.callback(process.close)
    return process


def _in_turns(sides: Any, rounds: int) -> list[tuple[float, int]] | None:
    """Median milliseconds of each side, after one look that warms caches, and its rows.

    None where one of them leads elsewhere: a filter of few rows has no page 20.
    """
    taken: list[list[Any]] = [[], []]
    for _ in range(rounds + 1):
        for place, (process, path) in enumerate(sides):
            taken[place].append(process.ask("time", path))
    if None in taken[0] + taken[1]:
        return None
    return [(statistics.median(ms for ms, _ in each[1:]), each[0][1]) for each in taken]


def _tell_plan(told: dict[str, Any]) -> None:
    say(f"    {told['seconds']} s  {told['sql']}")
    for row in told["plan"]:
        say(f"      {'  '.join(row)}")


if __name__ == "__main__":
    main()
