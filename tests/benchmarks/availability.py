"""Availability against its limits: checks ÷ allowed rate, claims from a long queue, sync_status.

    python -m tests.benchmarks.availability [--movies 1000000] [--checks 10000] [--database sqlite]

Checks are `check_availability` at the sandbox's provider, with 100 ms latency and its controls.
Claims are those of four processes at once, batches of 100, from as many rows as there are movies,
on MariaDB: each four times a second, which is ten times what a worker that also asks can use, and
without a pause, where the server does not come to remove what is claimed from the index.
`sync_status` is timed within its process: the interpreter's start is not its fault.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from popflix.sandbox import running
from tests.benchmarks._filling_movies import PROVIDER
from tests.benchmarks._report import say
from tests.services.servers import Missing, start_mariadb
from tests.site import ROOT, Site, create_mysql_database

RATE, THREADS, LATENCY_MS = 40, 16, 100
WORKERS, BATCHES, BATCH = 4, 50, 100
PAUSES = (0.25, 0.0)  # seconds between two claims of a worker
LEAST_SHARE, MOST_CLAIM_MS, MOST_STATUS_SECONDS = 0.985, 50.0, 1.0
_AN_HOUR = 3600.0
_STATUS = """
import sys, time
from django.db import connection
from popflix.console.status.reading import read_areas
from popflix.lib.clock import SYSTEM_CLOCK
connection.ensure_connection()
taken = []
for _ in range(5):
    began = time.perf_counter()
    found = read_areas(SYSTEM_CLOCK.now())
    taken.append(time.perf_counter() - began)
    assert not [each.error for each in found if each.error], found
sys.stdout.write(" ".join(map(str, taken)))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--movies", type=int, default=1_000_000)
    parser.add_argument("--checks", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="")
    options = parser.parse_args()
    for name, make_url in databases(options.database):
        with tempfile.TemporaryDirectory(prefix="popflix-bench-") as folder:
            measure_checks(name, Site(Path(folder), make_url()), options.checks)
        with tempfile.TemporaryDirectory(prefix="popflix-bench-") as folder:
            site = filled(Site(Path(folder), make_url()), options.movies)
            say(f"== {name}: {options.movies:,} movies, fetches and rows of a provider")
            measure_status(site)
            if name == "MariaDB":
                for pause in PAUSES:
                    measure_claims(site, pause)


def databases(only: str) -> Iterator[tuple[str, Any]]:
    """Each with what makes a new one of it: an address, empty for SQLite."""
    if only != "mariadb":
        yield "SQLite", lambda: ""
    if only == "sqlite":
        return
    try:
        server = start_mariadb()
    except Missing as missing:
        say(f"MariaDB is left out: {missing}")
        return
    with contextlib.closing(_Closing(server)):
        yield "MariaDB", lambda: create_mysql_database(server.url)


class _Closing:
    def __init__(self, server: Any) -> None:
        self._server = server

    def close(self) -> None:
        self._server.stop()


def measure_checks(name: str, site: Site, checks: int) -> None:
    """At the rate as set, and counted by the sandbox too."""
    site.manage("migrate", "-v0", timeout=_AN_HOUR)
    made = f"from tests.flows.availability import movies; movies({checks})"
    site.manage("shell", "-v0", "-c", made, PYTHONPATH=str(ROOT))
    with running(titles=1, provider_latency_ms=LATENCY_MS) as sandbox:
        entry = sandbox.provider.entry(PROVIDER, rate_per_second=RATE, concurrency=THREADS)
        site.env["POPFLIX_PROVIDERS"] = json.dumps([entry])
        told = site.json("check_availability", timeout=_AN_HOUR)["providers"][PROVIDER]
        report = sandbox.provider.report()
    allowed = told["seconds"] * RATE
    say(f"== {name} at {RATE}/s: {told['checked']} checks in {told['seconds']:.1f} s")
    kept = told["checked"] / allowed
    say(_line("checks ÷ allowed", kept, f"≥ {LEAST_SHARE}", kept >= LEAST_SHARE))
    say(f"{'requests, controls too, ÷ allowed':<34} {told['requests'] / allowed:8.3f}")
    worst = report["worst_second"]
    say(_line("worst sliding second", worst, f"≤ {RATE + 2}", worst <= RATE + 2))
    most = report["most_at_once"]
    say(_line("requests at once", most, f"≤ {THREADS}", most <= THREADS))


def filled(site: Site, movies: int) -> Site:
    """So many movies; the provider's setting names an address that nobody asks."""
    entry = {
        "name": PROVIDER, "kind": "url", "template": "http://127.0.0.1:9/{tmdb_id}",
        "body_contains": "player", "controls": {"available": [1], "unavailable": [2]},
    }  # fmt: skip
    site.env["POPFLIX_PROVIDERS"] = json.dumps([entry])
    site.manage("migrate", "-v0", timeout=_AN_HOUR)
    _python(site, "_filling_movies", str(movies)).communicate(timeout=_AN_HOUR)
    return site


def measure_status(site: Site) -> None:
    """The median of five, by then warm, and the first, which reads from disk."""
    out = site.manage("shell", "-v0", "-c", _STATUS, timeout=_AN_HOUR).stdout
    taken = [float(each) for each in out.split()]
    median = statistics.median(taken)
    target = f"< {MOST_STATUS_SECONDS:g}"
    say(_line("sync_status, s (median of 5)", median, target, median < MOST_STATUS_SECONDS))
    say(f"{'sync_status, s (the first)':<34} {taken[0]:8.3f}")


def measure_claims(site: Site, pause: float) -> None:
    """Four processes that begin together; each tells every batch."""
    say(f"-- claims, {pause:g} s apart" if pause else "-- claims, one after the other")
    counts = (str(BATCHES), str(BATCH), str(pause))
    workers = [_python(site, "_claiming", f"w{number}", *counts) for number in range(WORKERS)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    told = [json.loads(worker.communicate(timeout=_AN_HOUR)[0]) for worker in workers]
    for number, claims in enumerate(told):
        times = sorted(milliseconds for milliseconds, _ in claims)
        mean = statistics.mean(times)
        words = f"claim of worker {number + 1}, ms a batch"
        say(_line(words, mean, f"≤ {MOST_CLAIM_MS:g}", mean <= MOST_CLAIM_MS))
        late = times[int(len(times) * 0.95)]
        say(f"{'  of these 95 % below, and the worst':<34} {late:8.1f} {times[-1]:8.1f}")
    empty = sum(rows < BATCH for claims in told for _, rows in claims)
    say(_line("claims that came short", empty, "0", empty == 0))


def _python(site: Site, module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        env=site.env | {"DJANGO_SETTINGS_MODULE": "popflix.settings"},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(name: str, value: float, target: str, is_kept: bool) -> str:
    return f"{name:<34} {value:8.3f}  (target {target}: {'kept' if is_kept else 'missed'})"


if __name__ == "__main__":
    main()
