"""kill -9 at random moments of load_shows and of reconcile_shows: a rerun reaches what a site
that was never killed has, and until then nothing half done passes for done.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.reconcile.feed.made import write
from tests.site import Site, create_mysql_database
from tests.soak.telling import print_line

pytestmark = pytest.mark.soak
KILLS = 20  # of each command
CINEMAS, SHOWS = 60, 300
LOAD = ("load_shows", "--source", "city", "--batch-size", "500")
RECONCILE = ("reconcile_shows", "--now", "2026-01-01", "--batch-size", "50")
KEY = "movieID, cinemaId, screenName, showTime"
VALUES = f"{KEY}, title, rating, length, format, genere, isActive, imageUrl"
Rows = list[tuple[Any, ...]]


def programme(number: int) -> list[dict[str, Any]]:
    """One in a row of programmes, of which each differs from the one before.

    A tenth of the shows has another rating, a twentieth begins at another time, one is gone or
    back, one is new; some come twice, some cannot be read.
    """
    is_odd = number % 2
    shows = [
        show(cinema, n, number)
        for cinema in range(1, CINEMAS + 1)
        for n in range(SHOWS)
        if not (is_odd and n % 20 == 11)
    ]
    new = [
        show(cinema, n, number, movie_ID=f"NEW {number} {n}", screen_name="NEW")
        for cinema in range(1, CINEMAS + 1)
        for n in range(SHOWS // 20)
    ]
    twice = [{**each, "is_active": "N"} for each in shows[::100]]
    bad = [{**each, "cinema_id": f"none {number}"} for each in shows[::200]]
    return [*bad, *shows, *new, *twice]


def show(cinema: int, n: int, number: int, **facts: Any) -> dict[str, Any]:
    late = 5 * (number % 2) if n % 20 == 7 else 0
    rating = f"R{number}" if n % 10 == 3 else "U"
    told = {
        "movie_ID": f"F{n}", "cinema_id": cinema, "screen_name": f"AUDI {n % 12}",
        "is_active": "Y", "movie_title": f"Film {n}", "movie_rating": rating,
        "movie_showTime": f"2026-01-31T{9 + n // 24:02}:{n % 24 * 2:02}:{late:02}Z",
    }  # fmt: skip
    return {**told, **facts}


class Twin:
    """A site, and what it shows. Ids are told by where the row was before."""

    def __init__(self, folder: Path, database_url: str) -> None:
        folder.mkdir()
        self.site = Site(folder, database_url, POPFLIX_MISSING_LOADS="1")
        self.site.migrate()

    def staging(self) -> Rows:
        bad = self.site.sql("SELECT line, reason, raw FROM lib_quarantinedrow ORDER BY line")
        return [*sorted(self.site.sql(f"SELECT {VALUES} FROM SyncShow"), key=repr), *bad]

    def master(self) -> Rows:
        missing = "CASE WHEN missing_since IS NULL THEN 0 ELSE 1 END"
        rows = self.site.sql(f"SELECT {VALUES}, {missing}, missing_loads FROM MasterShow")
        return sorted(rows, key=repr)

    def places(self) -> dict[int, tuple[Any, ...]]:
        return {row[0]: row[1:] for row in self.site.sql(f"SELECT id, {KEY} FROM MasterShow")}

    def count(self, what: str) -> int:
        return int(self.site.sql(f"SELECT COUNT(*) FROM {what}")[0][0])


class Command:
    """One that is to be killed: how it begins and how far it is, seen from outside."""

    def __init__(self, twin: Twin, arguments: tuple[str, ...]) -> None:
        self.twin, self.arguments = twin, arguments
        self.newest = self._newest()

    def _newest(self) -> tuple[Any, ...]:
        table, done = (
            ("reconcile_load", "read_at IS NOT NULL")
            if self.arguments[0] == LOAD[0]
            else ("reconcile_changeset", "1 = 0")
        )
        rows = self.twin.site.sql(
            f"SELECT id, state, {done} FROM {table} ORDER BY id DESC LIMIT 1"
        )
        return rows[0] if rows else (0, "", 0)

    def phase(self) -> str:
        """In words; empty before its work begins."""
        newest, state, is_read = self._newest()
        if newest == self.newest[0]:
            return ""
        if self.arguments[0] == LOAD[0]:
            if state != "loading":
                return "done"
            return "staging" if is_read else "reading"
        if state != "applying":
            return "done"
        applied = f"reconcile_change WHERE change_set_id = {newest} AND state = 'applied'"
        return "applying" if self.twin.count(applied) else "storing"

    def run(self) -> float:
        """To its end; how long it worked, its start-up not counted."""
        process = self.twin.site.popen(*self.arguments)
        begun = self._wait_until_at_work(process)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, f"{out}\n{err}"
        return time.monotonic() - begun

    def kill_at(self, seconds: float) -> str:
        """Kill it when it has worked so long; in which phase that was."""
        process = self.twin.site.popen(*self.arguments)
        begun = self._wait_until_at_work(process)
        time.sleep(max(0.0, begun + seconds - time.monotonic()))
        process.kill()
        process.communicate()
        return self.phase()

    def _wait_until_at_work(self, process: Any) -> float:
        while process.poll() is None and not self.phase():
            time.sleep(0.003)
        return time.monotonic()


@pytest.fixture
def chance(capsys: pytest.CaptureFixture[str]) -> random.Random:
    seed = int(os.environ.get("POPFLIX_SOAK_SEED") or random.randrange(10**6))
    with capsys.disabled():
        print_line(f"POPFLIX_SOAK_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def twins(tmp_path: Path, database_url: str) -> tuple[Twin, Twin]:
    other = create_mysql_database(database_url.rpartition("/")[0]) if database_url else ""
    return Twin(tmp_path / "killed", database_url), Twin(tmp_path / "undisturbed", other)


def test_a_rerun_after_kills_reaches_what_an_undisturbed_site_has(
    twins: tuple[Twin, Twin],
    tmp_path: Path,
    chance: random.Random,
    capsys: pytest.CaptureFixture[str],
) -> None:
    killed, undisturbed = twins
    kills: dict[str, Counter[str]] = {LOAD[0]: Counter(), RECONCILE[0]: Counter()}
    seconds: dict[str, list[float]] = {LOAD[0]: [], RECONCILE[0]: []}
    number = 0
    while min(landed(phases) for phases in kills.values()) < KILLS:
        feed = str(write(tmp_path / "feed.json", programme(number)))
        for arguments, check in (((*LOAD, feed), same_staging), (RECONCILE, same_master)):
            places = [twin.places() for twin in twins]
            lasted = Command(undisturbed, arguments).run()
            seconds[arguments[0]].append(lasted)
            for _ in range(chance.choice([1, 1, 1, 2])):
                command = Command(killed, arguments)
                phase = command.kill_at(chance.uniform(0, lasted))
                kills[arguments[0]][phase] += 1
                assert_nothing_left_of_applied_sets(killed)
                if phase == "done":
                    check(killed, undisturbed)
            Command(killed, arguments).run()
            check(killed, undisturbed)
            assert_nothing_left_of_applied_sets(killed)
            assert journeys(killed, places[0]) == journeys(undisturbed, places[1])
        number += 1
    for name, phases in kills.items():
        lasted = median(seconds[name])
        told = ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items()))
        with capsys.disabled():
            print_line(f"{name}: works {lasted:.2f} s; killed while: {told}")


def landed(phases: Counter[str]) -> int:
    return phases.total() - phases["done"]


def same_staging(killed: Twin, undisturbed: Twin) -> None:
    assert killed.staging() == undisturbed.staging()
    assert killed.count("reconcile_loadrow") == 0
    assert killed.count("reconcile_load WHERE state = 'loading'") == 0


def same_master(killed: Twin, undisturbed: Twin) -> None:
    assert killed.master() == undisturbed.master()
    assert killed.count("reconcile_changeset WHERE state NOT IN ('applied', 'closed')") == 0


def assert_nothing_left_of_applied_sets(killed: Twin) -> None:
    left = (
        "reconcile_change c JOIN reconcile_changeset s ON s.id = c.change_set_id "
        "WHERE s.state = 'applied' AND c.state <> 'applied'"
    )
    assert killed.count(left) == 0


def journeys(twin: Twin, before: dict[int, tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Which row of before is which now."""
    after = twin.places()
    return {(place, after[pk]) for pk, place in before.items()}
