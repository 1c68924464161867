"""load_shows and reconcile_shows against what the databases need at least.

Run `python -m tests.benchmarks.shows [--rows N] [--rounds N] [--only NAME] [--no-memory]`.
Everything is measured in one run on an invented feed; each database in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks._programme import write_feed
from tests.benchmarks._report import Child, ratio_line, run_child, say, seconds_of
from tests.services.servers import Missing, start_mariadb
from tests.site import ROOT, Site, create_mysql_database

MEMORY_ROWS = (100_000, 1_000_000)
MOST_MIB = 10
SEEDS_ROWS = 3_000  # of which the seed's way is measured; scaled to all
LEAST_GAIN = {"sqlite": 6, "mariadb": 35}
_NOW = "2026-02-01T00:00:00+00:00"  # all shows are to come
_STATE = (
    "Change", "ChangeSet", "LoadSlice", "LoadRow", "Load", "SyncShow", "MasterShow", "Cinema",
)  # fmt: skip


@contextlib.contextmanager
def sites(folder: Path, only: str) -> Iterator[dict[str, Site]]:
    """A migrated site per database that this machine has."""
    with contextlib.ExitStack() as stack:
        made = {}
        if only != "mariadb":
            made["sqlite"] = Site(folder / "sqlite")
        if only != "sqlite":
            try:
                server = start_mariadb()
            except Missing as missing:
                say(f"without MariaDB: {missing}")
            else:
                stack.callback(server.stop)
                made["mariadb"] = Site(folder / "mariadb", create_mysql_database(server.url))
        for site in made.values():
            site.folder.mkdir()
            site.manage("migrate", "-v0")
        yield made


def ratios(name: str, site: Site, feeds: list[Path], rounds: int) -> None:
    best = _child(site, "ratios", str(rounds), *map(str, feeds)).data
    parsed = best["bare"] + best["read"]
    load, one, same = best["load"], best["reconcile, 1 % changed"], best["reconcile, same"]
    say(f"{name}: the bare load of ready rows takes {best['bare']:.3f} s, reading the feed "
        f"{best['read']:.3f} s")  # fmt: skip
    say(ratio_line(f"{name} first load, of the bare load", load, best["bare"], 3.0))
    say(ratio_line(f"{name} first load, of reading + bare load", load, parsed, 3.0))
    say(ratio_line(f"{name} load, 1 % changed, of reading + bare", best["load, 1 %"], parsed, 3.0))
    floor = best["join + hash"]
    say(ratio_line(f"{name} join of the keys alone", best["join"], floor))
    say(ratio_line(f"{name} reconcile, nothing changed", same, floor, 1.5))
    say(ratio_line(f"{name} reconcile, 1 % changed and stored", one, floor, 2.2))
    say(ratio_line(f"{name} reconcile, all new", best["reconcile, new"], floor))
    least = LEAST_GAIN[name]
    for way in ("orm", "driver"):
        gain = best[f"seed's way, {way}"] / same
        told = "kept" if gain >= least else "missed"
        say(f"{name} the seed's way by {way}, nothing changed, scaled from {SEEDS_ROWS:,} rows: "
            f"{gain:.0f} x as long (target >= {least}: {told})")  # fmt: skip


def memory(name: str, folder: Path, site: Site) -> None:
    peaks = []
    for rows in MEMORY_ROWS:
        feeds = feeds_of(folder, rows)
        peaks.append(_child(site, "memory", *map(str, feeds)).peak_mib)
    grown = peaks[1] - peaks[0]
    say(f"{name} peak {peaks[0]:.0f} MiB at {MEMORY_ROWS[0]:,} rows, {peaks[1]:.0f} MiB at "
        f"{MEMORY_ROWS[1]:,}: {grown:+.1f} MiB (target <= +{MOST_MIB}: "
        f"{'kept' if grown <= MOST_MIB else 'missed'})")  # fmt: skip


def feeds_of(folder: Path, rows: int) -> list[Path]:
    """One feed, and the same with one row in a hundred changed."""
    made = [folder / f"{rows}-{each}.json" for each in ("was", "is")]
    for path, is_changed in zip(made, (False, True), strict=True):
        if not path.exists():
            write_feed(path, rows, is_changed=is_changed)
    return made


def _child(site: Site, *arguments: str) -> Child:
    command = [sys.executable, "-m", "tests.benchmarks.shows", "--child", *arguments]
    env = {**site.env, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "popflix.settings"}
    return run_child(command, env)


# --- in the child process ---------------------------------------------------------------


class Measuring:
    """Each step once; the least seconds of it so far."""

    def __init__(self) -> None:
        self.best: dict[str, float] = {}

    def keep(self, name: str, seconds: float) -> None:
        self.best[name] = min(seconds, self.best.get(name, float("inf")))

    def load(self, name: str, path: str) -> None:
        self.keep(name, seconds_of(lambda: _command("load_shows", path, "--source", "bench")))

    def reconcile(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = {}
        self.keep(name, seconds_of(
            lambda: told.update(_command("reconcile_shows", "--now", _NOW))))  # fmt: skip
        return told

    def round(self, was: str, now: str) -> None:
        from tests.benchmarks import _shows_floors as floors

        empty()
        for name, seconds in floors.bare_load(Path(was)).items():
            self.keep(name, seconds)
        self.load("load", was)
        told = self.reconcile("reconcile, new")
        count = told["inserted"]
        assert told["staged"] == count > 0, told
        floors.make_hashed()
        for _ in range(2):
            self.keep("join", floors.join_count(hashed=False))
            self.keep("join + hash", floors.join_count(hashed=True))
            assert self.reconcile("reconcile, same")["unchanged"] == count
            self.load("load, 1 %", now)
            changed = self.reconcile("reconcile, 1 % changed")
            assert changed["updated"] > 0, changed
            assert changed["updated"] + changed["unchanged"] == count, changed
            was, now = now, was
        for way, seconds in floors.seeds_way(SEEDS_ROWS).items():
            self.keep(f"seed's way, {way}", seconds)
        floors.drop()


def empty() -> None:
    from django.apps import apps
    from django.db import connection

    with connection.cursor() as cursor:
        word = "DELETE FROM"
        if connection.vendor == "mysql":
            cursor.execute("SET foreign_key_checks = 0")
            word = "TRUNCATE TABLE"
        for name in _STATE:
            table = apps.get_model("reconcile", name)._meta.db_table
            cursor.execute(f"{word} {connection.ops.quote_name(table)}")
        if connection.vendor == "mysql":
            cursor.execute("SET foreign_key_checks = 1")


def _command(*arguments: str) -> dict[str, Any]:
    from django.core.management import call_command

    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
    told = json.loads(out.getvalue())
    assert isinstance(told, dict)
    return told


def _large_pool() -> None:
    """MariaDB's own default holds no programme of a million shows."""
    from django.db import connection

    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_buffer_pool_size = 2 << 30")


def child(what: str, *given: str) -> None:
    import django

    django.setup()
    _large_pool()
    measuring = Measuring()
    if what == "ratios":
        for _ in range(int(given[0])):
            measuring.round(*given[1:])
    else:
        empty()
        for path in given:
            measuring.load("load", path)
            measuring.reconcile("reconcile")
            measuring.reconcile("again")
    sys.stdout.write(json.dumps(measuring.best))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=LEAST_GAIN, default="")
    parser.add_argument("--no-memory", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="popflix-bench-") as name:
        folder = Path(name)
        with sites(folder, options.only) as made:
            feeds = feeds_of(folder, options.rows)
            say(f"{options.rows:,} rows, best of {options.rounds}; "
                f"load of the machine {os.getloadavg()[0]:.1f}")  # fmt: skip
            for each, site in made.items():
                ratios(each, site, feeds, options.rounds)
                if not options.no_memory:
                    memory(each, folder, site)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
