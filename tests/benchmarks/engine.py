"""The engine against a bare django-q2 delivery on the same broker, cluster and settings.

    python -m tests.benchmarks.engine [--runs 600] [--rounds 3]

A unit that does nothing and a function that does nothing, drained by one cluster of two worker
processes; the bare one keeps django-q2's result rows, ours keeps runs and events. On SQLite and on
MariaDB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from popflix.lib.children import end_group
from tests.benchmarks._report import best_of, run_child, say
from tests.services.servers import Missing, start_mariadb
from tests.site import ROOT, Site, create_mysql_database

SETTINGS = "tests.benchmarks.noop.settings"
SAMPLES = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    measure("SQLite", "", options.runs, options.rounds)
    try:
        server = start_mariadb()
    except Missing as missing:
        say(f"MariaDB is left out: {missing}")
        return
    try:
        measure("MariaDB", create_mysql_database(server.url), options.runs, options.rounds)
    finally:
        server.stop()


def measure(name: str, database_url: str, count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), database_url, DJANGO_SETTINGS_MODULE=SETTINGS)
        site.env |= {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING"}
        site.manage("migrate", "-v0")
        say(f"== {name}: {count} at once, best of {rounds}; one by one, {SAMPLES} samples")
        with cluster(site):
            ways = {way: lambda way=way: drained(site, way, count) for way in ("bare", "runs")}
            best = best_of(rounds, ways)
            latencies = {way: child(site, way, SAMPLES) for way in ("bare_latency", "run_latency")}
        rate = {way: count / seconds for way, seconds in best.items()}
        share = rate["runs"] / rate["bare"]
        say(f"{'bare deliveries per second':<34} {rate['bare']:8.0f}")
        kept = "kept" if share >= 0.5 else "missed"
        say(f"{'runs per second':<34} {rate['runs']:8.0f}  {share:.2f} x bare (≥ 0.5: {kept})")
        for way, told in latencies.items():
            label = "start latency, bare" if way == "bare_latency" else "start latency, run"
            say(f"{label:<34} p50 {told['p50'] * 1000:5.0f} ms  p90 {told['p90'] * 1000:5.0f} ms")
        told = child(site, "events", 2_000)
        say(f"{'events per second, one by one':<34} {2_000 / told['one_by_one']:8.0f}")
        say(f"{'events per second, one transaction':<34} {2_000 / told['together']:8.0f}")


@contextmanager
def cluster(site: Site) -> Iterator[None]:
    process = site.popen_apart("qcluster")
    try:
        time.sleep(3)  # for its workers to be there
        yield
    finally:
        end_group(process.pid)
        process.wait()


def drained(site: Site, way: str, count: int) -> float:
    child(site, "tidy", 0)
    return child(site, way, count)["seconds"]


def child(site: Site, way: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.noop", way, str(count)]
    return run_child(command, site.env).data


if __name__ == "__main__":
    main()
