"""kill -9 in the middle of a load: the same command again reaches what an undisturbed one does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.reconcile.feed.made import row, write
from tests.site import Site

ROWS = 12_000
READING = "SELECT COUNT(*) FROM reconcile_loadrow"
STAGING = "SELECT COUNT(*) FROM reconcile_load WHERE id = 2 AND read_at IS NOT NULL"
SHOWN = "SELECT COUNT(*), COUNT(DISTINCT rating), MAX(rating) FROM SyncShow"


def programme(folder: Path, name: str, rating: str) -> str:
    shows = [
        row(n % 60, cinema_id=n // 120, screen_name=f"AUDI {n % 120}", movie_rating=rating)
        for n in range(ROWS)
    ]
    return str(write(folder / name, shows))


@pytest.mark.parametrize("moment", [READING, STAGING], ids=["while reading", "while staging"])
def test_a_rerun_after_a_kill_reaches_the_undisturbed_state(
    site: Site, tmp_path: Path, moment: str
) -> None:
    site.manage("load_shows", programme(tmp_path, "old.json", "A"))
    newer = programme(tmp_path, "new.json", "U")
    process = site.popen("load_shows", newer, "--batch-size", "500")
    while process.poll() is None and site.sql(moment) == [(0,)]:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    site.manage("load_shows", newer)
    assert site.sql(SHOWN) == [(ROWS, 1, "U")]
    assert site.sql(READING) == [(0,)]
    unfinished = "SELECT COUNT(*) FROM reconcile_load WHERE state = 'loading'"
    assert site.sql(unfinished) == [(0,)]
