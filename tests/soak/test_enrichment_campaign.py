"""The long campaigns of the main job: thousands of titles, many kills, on both databases."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time

import pytest

from popflix.sandbox import Sandbox
from tests.flows.enrichment import (
    TEN_PERCENT,
    asked_in_vain,
    expected,
    query,
    sandboxed,
    state,
)
from tests.site import Site
from tests.soak.telling import print_line

pytestmark = pytest.mark.soak
TITLES = 5_000
KILLED_TITLES = 2_000
KILLS = 20
BATCH = 100
LONGEST_SECONDS = 1_500


@pytest.mark.parametrize("processes", [1, 2])
def test_five_thousand_titles_with_a_tenth_of_faults_end_right(
    site: Site, processes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with sandboxed(site, TITLES, faults=TEN_PERCENT, latency_ms=50) as sandbox:
        began = time.monotonic()
        running = [site.popen("sync_tmdb", "--json") for _ in range(processes)]
        outs = [process.communicate(timeout=LONGEST_SECONDS) for process in running]
        assert [process.returncode for process in running] == [0] * processes, outs
        report = sandbox.report()
        assert state(site) == expected(sandbox)
        # A title of several requests may run out of retries; then it begins anew.
        assert asked_in_vain(sandbox, TITLES) <= TITLES // 1000
        assert report["worst_second"] <= 40
        told = [json.loads(out) for out, _ in outs]
        assert sum(each["success"] + each["failed"] for each in told) == TITLES
        assert sum(each["requests"] for each in told) == report["requests"]
        with capsys.disabled():
            seconds = time.monotonic() - began
            rate = report["requests"] / seconds
            print_line(
                f"{processes} process(es): {report['requests']} requests in {seconds:.0f} s "
                f"({rate:.1f}/s), worst second {report['worst_second']}, {report['faults']}"
            )


def test_a_run_killed_twenty_times_ends_as_an_undisturbed_one(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("POPFLIX_SOAK_SEED") or random.randrange(10**6))
    with sandboxed(site, KILLED_TITLES, latency_ms=50) as sandbox:
        moments = sorted(random.Random(seed).sample(range(20, 2_400), KILLS))
        for moment in moments:
            process = site.popen("sync_tmdb")
            wait_until(sandbox, moment, process)
            process.kill()
            process.communicate()
        site.manage("sync_tmdb", timeout=LONGEST_SECONDS)
        wasted = asked_in_vain(sandbox, KILLED_TITLES)
        with capsys.disabled():
            print_line(f"seed {seed}: {wasted} answers asked for again after {KILLS} kills")
        assert state(site) == expected(sandbox), f"POPFLIX_SOAK_SEED={seed}"
        assert wasted <= KILLS * BATCH
        assert sandbox.report()["worst_second"] <= 40
        left = "SELECT max(attempts), max(lease_token) FROM sync_enrichment"
        assert query(site, left) == [(0, "")]


def wait_until(sandbox: Sandbox, count: int, process: subprocess.Popen[str]) -> None:
    """Until the sandbox saw so many requests in all; a moment passed already is now."""
    while sandbox.report()["requests"] < count and process.poll() is None:
        time.sleep(0.02)
    # Also a process that is just starting is killed: it may hold the run but no row yet.
    time.sleep(random.uniform(0, 1))
