"""`sync_tmdb` against its limits: requests ÷ allowed rate, ÷ titles that TMDB knows, CPU.

    python -m tests.benchmarks.enrichment [--titles 2500]

Films that TMDB knows by their IMDb id, no faults, 100 ms latency; on SQLite and on MariaDB, at the
rate as shipped and at a rate that keeps the processor awake (what is paced to 38 a second runs on
cold caches and costs more a title). CPU is the whole command's, its start included, as the kernel
accounts it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from popflix.sandbox import running
from popflix.sandbox.catalogue import Catalogue, Known
from popflix.sandbox.imdb import tsv_lines
from tests.benchmarks._report import say
from tests.services.servers import Missing, start_mariadb
from tests.site import Site, create_mysql_database

SEED = 1
LATENCY_MS = 100
RATES = ((38, 8), (300, 40))  # requests per second, and threads for them
KNOWN_SHARE = 0.79  # of the sandbox's titles are films known by their IMDb id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=2500)
    titles = parser.parse_args().titles
    for rate, threads in RATES:
        measure("SQLite", "", titles, rate, threads)
    try:
        server = start_mariadb()
    except Missing as missing:
        say(f"MariaDB is left out: {missing}")
        return
    try:
        for rate, threads in RATES:
            measure("MariaDB", create_mysql_database(server.url), titles, rate, threads)
    finally:
        server.stop()


def measure(name: str, database_url: str, titles: int, rate: int, threads: int) -> None:
    made = round(titles / KNOWN_SHARE)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(titles=made, seed=SEED, latency_ms=LATENCY_MS) as sandbox,
    ):
        site = Site(Path(folder), database_url, TMDB_BASE_URL=sandbox.url, TMDB_API_KEY="0" * 32)
        site.env |= {"TMDB_RATE_PER_SECOND": str(rate), "TMDB_CONCURRENCY": str(threads)}
        site.manage("migrate", "-v0")
        known = write_known_films(Path(folder) / "title.basics.tsv", made)
        site.manage("import_imdb", str(known))
        told, cpu_seconds, peak_mib = run_sync(site)
        report = sandbox.report()
    asked, done = told["requests"], told["success"]
    allowed, worst = told["seconds"] * rate, report["worst_second"]
    say(f"== {name} at {rate}/s: {done} films in {told['seconds']:.1f} s")
    say(_line("requests ÷ allowed", asked / allowed, "≥ 0.985", asked / allowed >= 0.985))
    say(_line("requests ÷ known titles", asked / done, "≤ 1.05", asked / done <= 1.05))
    say(_line("worst sliding second", worst, f"≤ {rate + 2}", worst <= rate + 2))
    cpu = cpu_seconds / done * 1000
    say(_line("CPU per title, ms", cpu, "≤ 1.5", cpu <= 1.5))
    say(f"{'peak memory, MiB':<28} {peak_mib:8.1f}")


def write_known_films(path: Path, count: int) -> Path:
    """Only the sandbox's films that a look-up by IMDb id finds."""
    catalogue = Catalogue(count, SEED)
    films = {title.tconst for title in catalogue if title.known is Known.DIRECT}
    lines = list(tsv_lines(catalogue))
    kept = [line for line in lines[1:] if line.partition("\t")[0] in films]
    path.write_text("".join(f"{line.rstrip()}\n" for line in [lines[0], *kept]))
    return path


def run_sync(site: Site) -> tuple[dict[str, Any], float, float]:
    """Run the command; returns its JSON object, its CPU seconds and its peak MiB."""
    command = [sys.executable, str(Path(__file__).parents[2] / "manage.py"), "sync_tmdb", "--json"]
    process = subprocess.Popen(
        command, env=site.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"sync_tmdb ended {process.returncode}: {out!r}")
    return json.loads(out), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _line(name: str, value: float, target: str, is_kept: bool) -> str:
    return f"{name:<28} {value:8.3f}  (target {target}: {'kept' if is_kept else 'missed'})"


if __name__ == "__main__":
    main()
