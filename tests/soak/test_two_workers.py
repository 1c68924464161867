"""Two `manage.py work` on one database share the work: nothing doubled, nothing left out.

Each stands for a host of its own: it has a folder, and its queue workers tell its name.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from popflix.lib.children import end_group
from tests.flows.enrichment import query
from tests.services.plugin import require
from tests.site import ROOT, Site, create_mysql_database
from tests.soak.telling import print_line

pytestmark = [pytest.mark.soak, pytest.mark.mariadb]
SETTINGS = "tests.soak.counting.settings"
RUNS = 1_000
MEASURED_SECONDS = 20.0


@pytest.fixture
def hosts(tmp_path: Path) -> list[Site]:
    url = create_mysql_database(require("mariadb").url)
    made = [
        Site(tmp_path / name, url, DJANGO_SETTINGS_MODULE=SETTINGS, COUNTING_HOST=name)
        for name in ("one", "two")
    ]
    for site in made:
        site.folder.mkdir()
        site.env |= {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING"}
    made[0].manage("migrate", "-v0")
    return made


@contextmanager
def working(*sites: Site, **variables: str) -> Iterator[None]:
    with ExitStack() as stack:
        for site in sites:
            process = site.popen_apart("work", **variables)
            stack.callback(process.wait)
            stack.callback(end_group, process.pid)
            stack.callback(_ask_to_end, process)
        wait_until(lambda: supervisors(sites[0]) == len(sites))
        yield


def _ask_to_end(process: Any) -> None:
    process.terminate()
    process.wait(60)


def supervisors(site: Site) -> int:
    return int(query(site, "SELECT count(*) FROM engine_supervisor")[0][0])


def wait_until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def ended(site: Site, unit: str) -> int:
    where = f"unit = '{unit}' AND finished_at IS NOT NULL"
    return int(query(site, f"SELECT count(*) FROM engine_run WHERE {where}")[0][0])


def test_a_thousand_runs_are_shared_evenly_and_none_is_doubled(
    hosts: list[Site], capsys: pytest.CaptureFixture[str]
) -> None:
    one, _ = hosts
    one.manage("shell", "-v0", "-c", _ENQUEUE, timeout=300)
    with working(*hosts):
        wait_until(lambda: ended(one, "once") == RUNS, 300)
    rows = query(one, "SELECT status, result, fence FROM engine_run WHERE unit = 'once'")
    assert Counter(status for status, _, _ in rows) == {"completed": RUNS}
    assert {fence for _, _, fence in rows} == {1}
    starts = query(
        one,
        "SELECT run_id, count(*) FROM engine_event WHERE unit = 'once' AND kind = 'start'"
        " GROUP BY run_id",
    )
    assert len(starts) == RUNS
    assert {count for _, count in starts} == {1}
    share = sum("one" in str(result) for _, result, _ in rows) / RUNS
    with capsys.disabled():
        print_line(f"{RUNS} runs: {share:.0%} on the first of two hosts")
    assert 0.4 <= share <= 0.6


_ENQUEUE = f"""
from django.db import transaction
from popflix.engine.starting import enqueue
with transaction.atomic():
    for _ in range({RUNS}):
        enqueue("once", {{}}, trigger="schedule")
"""


def test_a_schedule_fires_once_per_slot_for_two_watchers(
    hosts: list[Site], capsys: pytest.CaptureFixture[str]
) -> None:
    one, _ = hosts
    one.manage("shell", "-v0", "-c", _SCHEDULE)
    with working(*hosts, POPFLIX_TICK_SECONDS="1"):
        wait_until(lambda: ended(one, "regular") >= 15, 180)
    told = query(
        one, "SELECT payload FROM engine_event WHERE unit = 'regular' AND kind = 'queued'"
    )
    slots = [str(payload) for (payload,) in told]
    with capsys.disabled():
        print_line(f"{len(slots)} firings, {len(set(slots))} of them different")
    assert len(set(slots)) == len(slots)
    skipped = query(
        one, "SELECT count(*) FROM engine_event WHERE unit = 'regular' AND kind = 'skip'"
    )
    assert skipped[0][0] == 0


_SCHEDULE = """
from popflix.engine.models import Schedule
Schedule(unit="regular", every_seconds=3).save()
"""


def test_two_hosts_do_nearly_twice_the_chunks_of_one(
    hosts: list[Site], capsys: pytest.CaptureFixture[str]
) -> None:
    alone = chunks_per_second(hosts[:1])
    together = chunks_per_second(hosts)
    with capsys.disabled():
        print_line(f"chunks a second: {alone:.2f} on one host, {together:.2f} on two")
    assert together >= 1.8 * alone


def chunks_per_second(sites: list[Site]) -> float:
    first = sites[0]
    with working(*sites, POPFLIX_WORKERS="1"):
        run = first.json("run_unit", "chunks", "--enqueue")["run"]
        wait_until(lambda: at_work(first, run) == len(sites))
        before, began = chunks_done(first, run), time.monotonic()
        time.sleep(MEASURED_SECONDS)
        done = chunks_done(first, run) - before
        rate = done / (time.monotonic() - began)
        first.manage("cancel", str(run))
        wait_until(lambda: at_work(first, run) == 0)
    return rate


def at_work(site: Site, parent: int) -> int:
    where = f"parent_id = {parent} AND status = 'running'"
    return int(query(site, f"SELECT count(*) FROM engine_run WHERE {where}")[0][0])


def chunks_done(site: Site, parent: int) -> int:
    where = f"parent_id = {parent}"
    return int(query(site, f"SELECT sum(done_count) FROM engine_run WHERE {where}")[0][0])
