"""import_imdb against the floor (gunzip and split in Python) and the peer imdb-sqlite.

Run `python -m tests.benchmarks.import_titles [--rows N] [--rounds N] [--no-memory]`. Everything
is measured in one run on invented titles; the seconds are those the command itself reports.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sync.links.transform import TITLES_HEADER
from tests.benchmarks._report import Child, best_of, ratio_line, run_child, say, seconds_of
from tests.services.servers import Missing, start_mariadb
from tests.site import ROOT, Site, create_mysql_database

GENRES = ("Action", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Horror", "Short")
WANTED = ("movie", "tvMovie", "tvSeries", "tvMiniSeries")
MEMORY_ROWS = (100_000, 2_000_000)
TARGETS = {"sqlite": 6.5, "mariadb": 4.5}


def write_titles(path: Path, rows: int, types: Sequence[str] = WANTED, seed: int = 1) -> Path:
    """Write invented titles of IMDb's shape: NULLs, umlauts and repeated values as often."""
    dice = random.Random(seed)
    words = [_word(dice) for _ in range(5000)]
    genres = [",".join(sorted(dice.sample(GENRES, dice.randint(1, 3)))) for _ in range(200)]
    with gzip.open(path, "wt", encoding="utf-8", newline="\n", compresslevel=6) as file:
        file.write("\t".join(TITLES_HEADER) + "\n")
        for number in range(1, rows + 1):
            title = " ".join(dice.choices(words, k=dice.randint(1, 5)))
            original = title if dice.random() < 0.9 else " ".join(dice.choices(words, k=3))
            year = dice.randint(1900, 2026) if dice.random() < 0.9 else "\\N"
            minutes = dice.randint(1, 200) if dice.random() < 0.6 else "\\N"
            genre = dice.choice(genres) if dice.random() < 0.9 else "\\N"
            file.write(
                f"tt{number:07d}\t{dice.choice(types)}\t{title}\t{original}\t0\t{year}\t\\N\t"
                f"{minutes}\t{genre}\n"
            )
    return path


def _word(dice: random.Random) -> str:
    letters = dice.choices("abcdefghijklmnopqrstuvwxyzäéö", k=dice.randint(3, 9))
    return "".join(letters).title()


def floor(path: Path) -> float:
    """What any import in Python has to do at least."""

    def read() -> None:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            for line in file:
                line.split("\t")

    return seconds_of(read)


def peer(folder: Path, path: Path) -> Callable[[], float] | None:
    """The peer's own import of the same file, without indexes; None where it is not installed."""
    try:
        from imdb_sqlite import __main__ as imdb_sqlite
    except ImportError:
        return None
    tables = imdb_sqlite.filter_table_subset(imdb_sqlite.TSV_TABLE_MAP, "titles")
    (named,) = tables.values()

    def run() -> float:
        target = folder / "peer.db"
        target.unlink(missing_ok=True)
        with Path(os.devnull).open("w") as silent, contextlib.redirect_stderr(silent):
            database = imdb_sqlite.Database(table_map=tables, uri=str(target))
            seconds = seconds_of(lambda: imdb_sqlite.import_file(database, str(path), *named))
            database.close()
        return seconds

    return run


class Bench:
    """A migrated site; each import starts from empty tables unless it is `again`."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        folder.mkdir()
        self._site = Site(folder, database_url)
        self._database_url = database_url
        self._site.manage("migrate", "-v0")
        self._file = folder / "var" / "popflix.sqlite3"
        self._empty = folder / "empty.sqlite3"
        if not database_url:
            shutil.copy(self._file, self._empty)

    def fresh(self, path: Path) -> Child:
        if self._database_url:
            self._site.manage("flush", "--no-input", "-v0")
        else:
            for name in ("", "-wal", "-shm"):
                Path(f"{self._file}{name}").unlink(missing_ok=True)
            shutil.copy(self._empty, self._file)
        return self.again(path)

    def again(self, path: Path) -> Child:
        command = [sys.executable, str(ROOT / "manage.py"), "import_imdb", str(path), "--json"]
        child = run_child(command, self._site.env)
        assert child.data["quarantined"] == 0, child.data
        return child


@contextlib.contextmanager
def sites(folder: Path) -> Iterator[dict[str, Bench]]:
    """One site per database this machine has."""
    with contextlib.ExitStack() as stack:
        made = {"sqlite": Bench(folder / "sqlite")}
        try:
            server = start_mariadb()
        except Missing as missing:
            say(f"without MariaDB: {missing}")
        else:
            stack.callback(server.stop)
            made["mariadb"] = Bench(folder / "mariadb", create_mysql_database(server.url))
        yield made


def ratios(folder: Path, made: dict[str, Bench], rows: int, rounds: int) -> None:
    path = write_titles(folder / "titles.tsv.gz", rows)
    ways: dict[str, Callable[[], float]] = {"floor": lambda: floor(path)}
    for name, site in made.items():
        ways[name] = lambda site=site: float(site.fresh(path).data["seconds"])  # type: ignore[misc]
        ways[f"{name}, nothing changed"] = lambda site=site: float(  # type: ignore[misc]
            site.again(path).data["seconds"]
        )
    if (run := peer(folder, path)) is not None:
        ways["peer imdb-sqlite, no indexes"] = run
    best = best_of(rounds, ways)
    say(f"{rows:,} rows, best of {rounds} in turns")
    for name, seconds in best.items():
        say(ratio_line(name, seconds, best["floor"], TARGETS.get(name)))


def memory(folder: Path, made: dict[str, Bench]) -> None:
    paths = [write_titles(folder / f"{rows}.tsv.gz", rows) for rows in MEMORY_ROWS]
    for name, site in made.items():
        small, large = (site.fresh(path) for path in paths)
        grown = large.peak_mib - small.peak_mib
        say(
            f"{name:<10} peak {small.peak_mib:.0f} MiB at {MEMORY_ROWS[0]:,} rows, "
            f"{large.peak_mib:.0f} MiB at {MEMORY_ROWS[1]:,}: {grown:+.1f} MiB "
            f"(target +-10: {'kept' if abs(grown) <= 10 else 'missed'}); "
            f"{large.data['rows_per_second']:,} rows/s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-memory", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="popflix-bench-") as name:
        folder = Path(name)
        with sites(folder) as made:
            ratios(folder, made, options.rows, options.rounds)
            if not options.no_memory:
                memory(folder, made)


if __name__ == "__main__":
    main()
