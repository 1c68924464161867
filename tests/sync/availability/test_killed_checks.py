"""Checks that are killed and started again: nothing is lost, nothing fresh is asked anew."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from popflix.sandbox import Sandbox, running
from tests.flows.availability import NAME, fill
from tests.site import Site

pytestmark = pytest.mark.either

MOVIES, KILLS = 160, 2
UNIT = ("run_unit", f"check-availability-{NAME}", "--param", "batch_size=10")


@contextmanager
def provided(site: Site) -> Iterator[Sandbox]:
    """A site whose one provider is a sandbox's, with movies that nobody asked about yet."""
    with running(titles=1) as sandbox:
        entry = sandbox.provider.entry(NAME, rate_per_second=60, concurrency=4)
        site.env["POPFLIX_PROVIDERS"] = json.dumps([entry])
        fill(site, range(1, MOVIES + 1))
        yield sandbox


def checked(site: Site) -> int:
    ((count,),) = site.sql("SELECT count(*) FROM sync_availability WHERE last_checked IS NOT NULL")
    return int(count)


def kill_after(site: Site, stored: int, draw: random.Random) -> None:
    """Start a run, and kill it a moment after so many checks are stored."""
    process = site.popen(*UNIT)
    try:
        while checked(site) < stored and process.poll() is None:
            time.sleep(0.02)
        time.sleep(draw.uniform(0, 0.2))
    finally:
        process.kill()
        process.communicate()


def test_checks_killed_twice_miss_nothing_and_ask_nothing_fresh_again(site: Site) -> None:
    draw = random.Random(7)
    with provided(site) as sandbox:
        kept: dict[int, int] = {}
        for number in range(KILLS):
            kill_after(site, 20 + 40 * number, draw)
            asked = asked_of(sandbox)
            kept |= {tmdb_id: asked[tmdb_id] for tmdb_id in stored_ids(site)}
        site.manage(*UNIT, timeout=200)
        asked = asked_of(sandbox)
        assert len(kept) >= 60
        assert {tmdb_id: asked[tmdb_id] for tmdb_id in kept} == kept
        assert max(asked[tmdb_id] for tmdb_id in range(1, MOVIES + 1)) <= 1 + KILLS
        assert statuses(site) == sandbox.provider.truth(range(1, MOVIES + 1))
        left = "SELECT max(attempts), max(lease_token), count(*) FROM sync_availability"
        assert site.sql(left) == [(0, "", MOVIES)]
        assert site.sql("SELECT count(*) FROM sync_availabilityflip") == [(MOVIES,)]


def asked_of(sandbox: Sandbox) -> dict[int, int]:
    counted = sandbox.provider.report()["by_path"]
    return {int(path.rpartition("/")[2]): count for path, count in counted.items()}


def stored_ids(site: Site) -> list[int]:
    rows = site.sql(
        "SELECT m.tmdb_id FROM sync_availability a JOIN sync_movie m ON m.id = a.movie_id "
        "WHERE a.last_checked IS NOT NULL"
    )
    return [tmdb_id for (tmdb_id,) in rows]


def statuses(site: Site) -> dict[int, bool]:
    rows = site.sql(
        "SELECT m.tmdb_id, a.status FROM sync_availability a "
        "JOIN sync_movie m ON m.id = a.movie_id"
    )
    return {tmdb_id: status == "available" for tmdb_id, status in rows}
