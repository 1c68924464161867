"""Kills at random moments on a running cluster: every run is completed, no chunk is done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from popflix.engine.liveness import start_time
from tests.popflix.engine.clusters import SECONDS, WorkingSite, working

pytestmark = pytest.mark.soak
KILLS = 10
CHUNKS = 30
CHUNK_SECONDS = 0.1
RUNS_AT_ONCE = 3  # more than there are workers: one is always queued, or fetched ahead
LONGEST_DRAIN_SECONDS = 35
# Somebody else's row, which keeps django-q2 from firing any schedule at all.
POISON = (
    "INSERT INTO django_q_schedule (func, args, schedule_type, repeats, next_run) "
    "VALUES ('another.projects.function', 'no literal (', 'I', -1, '2020-01-01 00:00:00')"
)

Say = Callable[[str], None]
Strike = Callable[[WorkingSite, random.Random], None]


@pytest.fixture
def cluster(tmp_path: Path, database_url: str) -> Iterator[WorkingSite]:
    with working(tmp_path, database_url, POPFLIX_WORKERS="2") as made:
        made.change(POISON)
        yield made


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def line(text: str) -> None:
        with capsys.disabled():
            os.write(1, f"\n{text}\n".encode())

    return line


@pytest.fixture
def chance(say: Say) -> random.Random:
    seed = int(os.environ.get("POPFLIX_SOAK_SEED") or random.randrange(10**6))
    say(f"POPFLIX_SOAK_SEED={seed}")
    return random.Random(seed)


def worker(site: WorkingSite, chance: random.Random) -> None:
    """Any worker, at work or idle, of either cluster."""
    victim = chance.choice(site.workers() + site.workers("operator"))
    assert is_alive(victim)
    site.kill(victim)


def sentinel(site: WorkingSite, chance: random.Random) -> None:
    site.wait_for(lambda: site.sentinel() != 0)  # the one before may just be replaced
    victim = site.sentinel()
    assert is_alive(victim)
    site.kill(victim)


def whole_tree(site: WorkingSite, chance: random.Random) -> None:
    victims = site.tree()
    assert site.supervisor.pid in victims
    site.kill(*victims)
    site.supervisor.wait()
    site.start()


@pytest.mark.parametrize("strike", [worker, sentinel, whole_tree])
def test_ten_kills_lose_and_double_nothing(
    cluster: WorkingSite, chance: random.Random, strike: Strike, say: Say
) -> None:
    recoveries, interrupted = [], 0
    for _ in range(KILLS):
        runs = begin(cluster, chance)
        left = {run: cluster.done(run) for run in runs}
        interrupted += any(done < CHUNKS for done in left.values())
        began = time.monotonic()
        strike(cluster, chance)
        cluster.wait_for(lambda: all_went_on(cluster, left))  # noqa: B023 - at once
        recoveries.append(time.monotonic() - began)
        assert_completed_once(cluster, runs)
    told = " ".join(f"{seconds:.1f}" for seconds in sorted(recoveries))
    say(
        f"{strike.__name__}: {interrupted} of {KILLS} with runs at work; "
        f"seconds until all went on: {told}"
    )
    assert max(recoveries) <= SECONDS


def test_ten_stops_hand_over_in_time(
    cluster: WorkingSite, chance: random.Random, say: Say
) -> None:
    drains = []
    for _ in range(KILLS):
        runs = begin(cluster, chance)
        code, seconds = cluster.end(signal.SIGTERM)
        assert (code, cluster.tree()) == (143, [])
        drains.append(seconds)
        cluster.start()
        assert_completed_once(cluster, runs)
    told = " ".join(f"{seconds:.1f}" for seconds in sorted(drains))
    say(f"SIGTERM: seconds until the end: {told}")
    assert max(drains) <= LONGEST_DRAIN_SECONDS


def test_a_wedged_cluster_is_replaced_each_time(
    cluster: WorkingSite, chance: random.Random, say: Say
) -> None:
    recoveries = []
    for _ in range(KILLS):
        cluster.wait_until_at_work()
        time.sleep(chance.uniform(0, 2))
        victims = cluster.workers()
        assert len(victims) == 2
        cluster.kill(*victims)  # idle, and one of them reads from the queue
        began = time.monotonic()
        run = cluster.enqueue("chunks", count=1, seconds=0)
        assert cluster.wait_for_end(run) == "completed"
        recoveries.append(time.monotonic() - began)
    told = " ".join(f"{seconds:.1f}" for seconds in sorted(recoveries))
    say(f"wedged: seconds until a new run was done: {told}")
    assert max(recoveries) <= SECONDS


def begin(site: WorkingSite, chance: random.Random) -> list[int]:
    """Some runs, and a random moment between their queuing and their end."""
    runs = [
        site.enqueue("chunks", chance.choice(["schedule", "admin"]), **params())
        for _ in range(RUNS_AT_ONCE)
    ]
    time.sleep(chance.uniform(0, CHUNKS * CHUNK_SECONDS))
    return runs


def params() -> dict[str, object]:
    return {"count": CHUNKS, "seconds": CHUNK_SECONDS}


def is_alive(pid: int) -> bool:
    return start_time(pid) is not None


def all_went_on(site: WorkingSite, left: dict[int, int]) -> bool:
    """Whether every run has moved beyond where the kill left it, or is done."""
    done = {run: site.done(run) for run in left}
    return all(done[run] > left[run] or done[run] == CHUNKS for run in left)


def assert_completed_once(site: WorkingSite, runs: list[int]) -> None:
    for run in runs:
        assert site.wait_for_end(run) == "completed", site.column(run, "error")
        assert site.effects(run) == Counter(range(CHUNKS))
