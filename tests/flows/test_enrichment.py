"""`manage.py sync_tmdb` as an operator sees it: kills, signals, several at once, last lines."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from popflix.sandbox import Sandbox, SandboxError
from tests.flows.enrichment import (
    KEY,
    TEN_PERCENT,
    asked_in_vain,
    expected,
    query,
    sandboxed,
    state,
)
from tests.site import Site

TITLES = 300
PACED_TITLES = 130  # at the true rate
SHARED_TITLES = 200  # of two processes, each with a batch
BATCH = 100
LAST_LINES = re.compile(
    r"Done\. Success: (\d+), Failed: (\d+), Pending: (\d+)\n"
    r"Requests: \d+( \(\d+ repeated\))?, [\d.]+/s of 38/s allowed; "
    r"(waited [\d.]+ s \(.+\)|no waiting)\n\Z"
)


@pytest.fixture
def own_site(tmp_path: Path) -> Site:
    """On the embedded database: for what no database can change."""
    made = Site(tmp_path)
    made.migrate()
    return made


def wait_for_requests(sandbox: Sandbox, count: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while sandbox.report()["requests"] < count:
        assert process.poll() is None, f"ended before request {count}: {process.communicate()}"
        assert time.monotonic() < end, f"request {count} did not come"
        time.sleep(0.05)


def wait_for_runs(site: Site, count: int) -> None:
    """Until so many runs of enrichment are at work."""
    sql = "SELECT count(*) FROM engine_run WHERE unit = 'sync-media-links' AND status = 'running'"
    end = time.monotonic() + 60
    while query(site, sql) != [(count,)]:
        assert time.monotonic() < end, "they do not start"
        time.sleep(0.05)


@pytest.mark.paced
@pytest.mark.either
def test_one_process_brings_every_title_to_its_right_end_within_the_rate(site: Site) -> None:
    with sandboxed(site, PACED_TITLES, faults=TEN_PERCENT, retry_after=0) as sandbox:
        out = site.manage("sync_tmdb").stdout
        assert state(site) == expected(sandbox)
        assert asked_in_vain(sandbox, PACED_TITLES) == 0
        assert sandbox.report()["worst_second"] <= 40
        last = LAST_LINES.search(out)
        assert last is not None, out
        failed = sum(row["status"] == "FAILED" for row in state(site).values())
        assert [int(number) for number in last.groups()[:3]] == [PACED_TITLES - failed, failed, 0]


@pytest.mark.paced
@pytest.mark.either
def test_two_processes_share_the_work_and_the_rate_and_a_third_finds_no_slot(site: Site) -> None:
    with sandboxed(site, SHARED_TITLES, faults=TEN_PERCENT, retry_after=0) as sandbox:
        processes = [site.popen("sync_tmdb", "--json") for _ in range(2)]
        wait_for_runs(site, 2)
        third = site.json("sync_tmdb", expect=1)
        assert third["error"].startswith("All slots of sync-media-links are taken: run ")
        assert "python manage.py top" in third["fix"]
        assert site.json("sync_tmdb", "--enqueue", expect=1)["error"] == third["error"]
        outs = [process.communicate(timeout=120) for process in processes]
        assert [process.returncode for process in processes] == [0, 0], outs
        assert state(site) == expected(sandbox)
        assert asked_in_vain(sandbox, SHARED_TITLES) == 0
        assert sandbox.report()["worst_second"] <= 40
        told = [json.loads(out) for out, _ in outs]
        assert sum(each["success"] + each["failed"] for each in told) == SHARED_TITLES
        assert [each["pending"] for each in told].count(0) >= 1
        assert all(each["requests"] for each in told)


@pytest.mark.either
def test_a_run_killed_twice_ends_as_an_undisturbed_one(site: Site) -> None:
    with sandboxed(site, TITLES, rate=150, latency_ms=30) as sandbox:
        for already in (90, 220):
            process = site.popen("sync_tmdb")
            wait_for_requests(sandbox, already, process)
            process.kill()
            process.communicate()
        last = site.json("sync_tmdb")
        assert state(site) == expected(sandbox)
        assert asked_in_vain(sandbox, TITLES) <= 2 * BATCH
        assert last["pending"] == 0
        sql = "SELECT status FROM engine_run WHERE unit = 'sync-media-links' ORDER BY id"
        assert [row[0] for row in query(site, sql)] == ["lost", "lost", "completed"]
        # Of the rows that a dead process held, no attempt is counted and no lease is left.
        assert query(site, "SELECT max(attempts), max(lease_token) FROM sync_enrichment") == [
            (0, "")
        ]


# How signals arrive and end a command is the same on any database.
@pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("mariadb", marks=[pytest.mark.mariadb, pytest.mark.soak])],
    indirect=True,
)
@pytest.mark.measured
def test_a_signal_saves_what_was_answered_and_says_how_to_go_on(site: Site) -> None:
    with sandboxed(site, TITLES, rate=100, latency_ms=30) as sandbox:
        for number, code, already in ((signal.SIGINT, 130, 60), (signal.SIGTERM, 143, 160)):
            process = site.popen("sync_tmdb")
            wait_for_requests(sandbox, already, process)
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
            assert process.returncode == code, err
            assert "Stopped. Success: " in out
            assert "sync_tmdb" in err.splitlines()[-1]
            assert query(site, "SELECT max(lease_token) FROM sync_enrichment") == [("",)]
        settled = [row for row in state(site).values() if row["status"] != "PENDING"]
        assert len(settled) >= 100
        site.manage("sync_tmdb")
        assert state(site) == expected(sandbox)
        assert asked_in_vain(sandbox, TITLES) == 0


@pytest.mark.measured
def test_a_refused_key_is_one_sentence_of_cause_and_one_of_cure(own_site: Site) -> None:
    with sandboxed(own_site, 60, api_key="another-key"):
        done = own_site.manage("sync_tmdb", expect=1)
        assert "Error: The key in TMDB_API_KEY is refused (TMDB answered 401" in done.stderr
        assert "Fix: Correct TMDB_API_KEY in .env" in done.stderr
        assert KEY not in done.stdout + done.stderr
        assert len(state(own_site)) == 60
        assert {row["status"] for row in state(own_site).values()} == {"PENDING"}
        assert query(own_site, "SELECT max(attempts), max(lease_token) FROM sync_enrichment") == [
            (0, "")
        ]
        told = own_site.manage("sync_tmdb", "--json", expect=1)
        assert json.loads(told.stdout)["error"].startswith("The key in TMDB_API_KEY is refused")
        assert query(own_site, "SELECT count(*) FROM engine_pause") == [(1,)]
        corrected = own_site.json("sync_tmdb", "--limit", "5", TMDB_API_KEY="another-key")
        assert corrected["success"] + corrected["failed"] == 5
        assert query(own_site, "SELECT count(*) FROM engine_pause") == [(0,)]


def test_an_upstream_that_is_gone_leaves_every_row_for_later(own_site: Site) -> None:
    with sandboxed(own_site, 20) as sandbox:
        sandbox.stop()
        with pytest.raises(SandboxError):
            sandbox.report()
        told = own_site.json("sync_tmdb", "--limit", "2", TMDB_RETRIES="0")
        assert (told["success"], told["failed"], told["pending"]) == (0, 0, 20)
        words = query(own_site, "SELECT last_error FROM sync_enrichment WHERE last_error <> ''")
        assert {row[0] for row in words} == {"TMDB broke the connection (Connection refused)"}


@pytest.mark.measured
def test_options_reach_the_run_and_json_is_one_object(own_site: Site) -> None:
    with sandboxed(own_site, 60, rate=200) as sandbox:
        planned = own_site.json("sync_tmdb", "--dry-run", "--limit", "30")
        assert (planned["dry_run"], planned["titles"]) == (True, 30)
        assert sandbox.report()["requests"] == 0
        limited = own_site.json(
            "sync_tmdb", "--limit", "5", "--batch-size", "2", "--concurrency", "1"
        )
        assert set(limited) == {
            "success", "failed", "pending", "requests", "retries", "waited_seconds", "seconds",
            "run",
        }  # fmt: skip
        assert (limited["success"] + limited["failed"], limited["pending"]) == (5, 55)
        asked = own_site.manage("sync_tmdb", "--imdb-id", "99000041", "--imdb-id", "tt99000042")
        assert "Pending: 53" in asked.stdout
        done = own_site.manage("sync_tmdb")
        assert "Pending: 0" in done.stdout
        again = own_site.manage("sync_tmdb", "--retry-failed", "not_found", "--stale-days", "10")
        assert "failed titles (not_found) are asked again." in again.stdout
        wrong = own_site.manage("sync_tmdb", "--retry-failed", "lost", expect=2)
        assert "There is no failure kind lost." in wrong.stderr
        unknown = own_site.manage("sync_tmdb", "--imdb-id", "tt0000404", expect=1)
        assert "TitleBasics does not hold tt0000404." in unknown.stderr
