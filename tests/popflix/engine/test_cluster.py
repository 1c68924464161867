"""`manage.py work` on real processes: whatever is killed, every run ends and no chunk is doubled.

One running cluster serves all tests on one database; each leaves it working.
"""

from __future__ import annotations

import datetime as dt
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from tests.popflix.engine.clusters import SECONDS, WorkingSite, working
from tests.services.plugin import require
from tests.site import create_mysql_database

pytestmark = [pytest.mark.measured, pytest.mark.either]

CHUNKS = 12
# The work of processes alone, the same on any database: on MariaDB in the soak tier.
ABOUT_PROCESSES = pytest.mark.parametrize(
    "site",
    ["sqlite", pytest.param("mariadb", marks=[pytest.mark.mariadb, pytest.mark.soak])],
    indirect=True,
)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)]
)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkingSite]:
    url = "" if request.param == "sqlite" else create_mysql_database(require("mariadb").url)
    with working(tmp_path_factory.mktemp("site"), url, POPFLIX_WORKERS="2") as made:
        yield made


@pytest.fixture
def at_work(site: WorkingSite) -> WorkingSite:
    """All workers are there and free, also after what the test before has killed."""
    site.wait_until_at_work()
    site.wait_until_idle()
    return site


@ABOUT_PROCESSES
def test_a_parallel_process_takes_as_long_as_its_longest_worker(at_work: WorkingSite) -> None:
    run = at_work.enqueue("example-parallel")
    assert at_work.wait_for_end(run) == "completed"
    assert 2.5 <= seconds_from_start_to_complete(at_work, run) < 3.2


@ABOUT_PROCESSES
def test_a_sequential_process_takes_the_sum_of_its_workers(at_work: WorkingSite) -> None:
    run = at_work.enqueue("example-sequential")
    assert at_work.wait_for_end(run) == "completed"
    assert 4.0 <= seconds_from_start_to_complete(at_work, run) < 5.0


def seconds_from_start_to_complete(site: WorkingSite, run: int) -> float:
    at = {kind: dt.datetime.fromisoformat(str(when)) for kind, when in site.events(run)}
    return (at["complete"] - at["start"]).total_seconds()


def test_a_run_whose_worker_is_killed_is_completed_by_another(at_work: WorkingSite) -> None:
    run = begun(at_work)
    at_work.kill(int(at_work.column(run, "pid")))
    assert_recovers(at_work, run)
    assert [kind for kind, _ in at_work.events(run)].count("requeue") == 1


@ABOUT_PROCESSES
def test_a_cluster_whose_idle_workers_are_killed_is_replaced(at_work: WorkingSite) -> None:
    # One of them dies with the lock of the queue: the others never read from it again.
    main = at_work.main()
    at_work.kill(*at_work.workers())
    run = at_work.enqueue("chunks", count=2, seconds=0.1)
    assert_recovers(at_work, run, count=2)
    assert at_work.main() != main


@ABOUT_PROCESSES
def test_the_operators_cluster_is_guarded_as_well(at_work: WorkingSite) -> None:
    main = at_work.main("operator")
    at_work.kill(*at_work.workers("operator"))
    run = at_work.enqueue("chunks", "admin", count=2, seconds=0.1)
    assert_recovers(at_work, run, count=2)
    at_work.wait_for(lambda: at_work.main("operator") not in (0, main))


@ABOUT_PROCESSES
def test_a_click_does_not_wait_for_a_long_run_that_somebody_started(at_work: WorkingSite) -> None:
    long = at_work.enqueue("chunks", "command", count=50, seconds=0.1)
    at_work.wait_until_done(long, 1)
    click = at_work.enqueue("chunks", "admin", count=1, seconds=0)
    assert at_work.wait_for_end(click) == "completed"
    assert at_work.done(long) < 50
    assert at_work.wait_for_end(long) == "completed"


@ABOUT_PROCESSES
@pytest.mark.parametrize("who", ["sentinel", "main"])
def test_a_cluster_without_its_sentinel_or_main_process_is_replaced(
    at_work: WorkingSite, who: str
) -> None:
    main, run = at_work.main(), begun(at_work)
    at_work.kill(at_work.sentinel() if who == "sentinel" else main)
    assert_recovers(at_work, run)
    at_work.wait_for(lambda: at_work.main() not in (0, main))


def test_what_a_killed_supervisor_leaves_is_cleared_up_by_the_next(at_work: WorkingSite) -> None:
    run, left = begun(at_work), at_work.tree()
    at_work.kill(at_work.supervisor.pid)
    at_work.supervisor.wait()
    at_work.start()
    assert not set(left) & set(at_work.tree())
    assert_recovers(at_work, run)


def test_after_a_kill_of_the_whole_tree_the_next_supervisor_goes_on(at_work: WorkingSite) -> None:
    run = begun(at_work)
    at_work.kill(*at_work.tree())
    at_work.supervisor.wait()
    at_work.start()
    assert_recovers(at_work, run)


def test_sigterm_hands_a_run_over_to_the_next_supervisor(at_work: WorkingSite) -> None:
    run = begun(at_work, count=200)
    code, seconds = at_work.end(signal.SIGTERM)
    assert (code, at_work.tree()) == (143, [])
    assert seconds <= 35
    assert at_work.column(run, "status") == "waiting"
    assert at_work.rows("SELECT count(*) FROM engine_supervisor") == [(0,)]
    done = at_work.done(run)
    at_work.start()
    at_work.wait_until_done(run, done + 3)
    at_work.change(f"UPDATE engine_run SET cancel_requested_at = queued_at WHERE id = {run}")
    assert at_work.wait_for_end(run) == "cancelled"
    assert set(at_work.effects(run).values()) == {1}


def test_a_supervisor_shows_that_it_lives(at_work: WorkingSite) -> None:
    row = "SELECT pid, workers FROM engine_supervisor"
    at_work.wait_for(lambda: at_work.rows(row) == [(at_work.supervisor.pid, 2)])
    assert at_work.rows("SELECT count(*) FROM django_q_schedule") == [(1,)]
    assert at_work.rows("SELECT count(*) FROM django_q_task") == [(0,)]
    assert "Traceback" not in at_work.told()


@ABOUT_PROCESSES
def test_a_second_signal_waits_for_nobody(at_work: WorkingSite) -> None:
    run = at_work.enqueue("deaf")
    at_work.wait_for(lambda: at_work.column(run, "status") == "running")
    at_work.supervisor.send_signal(signal.SIGTERM)
    time.sleep(1)
    code, seconds = at_work.end(signal.SIGTERM)
    assert (code, at_work.tree()) == (143, [])
    assert seconds < 5
    at_work.start()


def begun(site: WorkingSite, count: int = CHUNKS) -> int:
    """A run that a worker is in the midst of."""
    run = site.enqueue("chunks", count=count, seconds=0.15)
    site.wait_until_done(run, 2)
    return run


def assert_recovers(site: WorkingSite, run: int, count: int = CHUNKS) -> None:
    before, began = site.done(run), time.monotonic()
    site.wait_for(lambda: site.done(run) > before or site.done(run) == count)
    assert time.monotonic() - began < SECONDS
    assert site.wait_for_end(run) == "completed"
    assert site.effects(run) == once_each(range(count))


def once_each(chunks: Sequence[int]) -> Counter[int]:
    return Counter(chunks)
