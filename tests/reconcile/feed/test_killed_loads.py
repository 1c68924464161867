"""kill -9 in the middle of a load: the same command again reaches what an undisturbed one does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.reconcile.feed.made import row, write
from tests.site import Site

pytestmark = pytest.mark.either

ROWS = 12_000
NEWEST = "FROM reconcile_load WHERE id = (SELECT MAX(id) FROM reconcile_load)"
READING = (
    f"SELECT COUNT(*) {NEWEST} AND read_at IS NULL AND EXISTS (SELECT 1 FROM reconcile_loadrow)"
)
STAGING = f"SELECT COUNT(*) {NEWEST} AND read_at IS NOT NULL"
SHOWN = "SELECT COUNT(*), COUNT(DISTINCT rating), MAX(rating) FROM SyncShow"
REFUSED = "SELECT line, reason FROM lib_quarantinedrow"


def programme(folder: Path, name: str, rating: str) -> str:
    shows = [
        row(n % 60, cinema_id=n // 120, screen_name=f"AUDI {n % 120}", movie_rating=rating)
        for n in range(ROWS)
    ]
    bad = row(movie_title="", movie_rating=rating)
    lines = [bad, *shows] if rating == "A" else [*shows, bad]
    return str(write(folder / name, lines))


def test_a_rerun_after_kills_reaches_the_undisturbed_state(site: Site, tmp_path: Path) -> None:
    """While it reads and, again, while it changes staging."""
    site.manage("load_shows", programme(tmp_path, "feed.json", "A"))
    assert site.sql(REFUSED) == [(1, "movie_title is empty")]
    newer = programme(tmp_path, "feed.json", "U")
    for moment in (READING, STAGING):
        process = site.popen("load_shows", newer, "--batch-size", "500")
        while process.poll() is None and site.sql(moment) == [(0,)]:
            time.sleep(0.005)
        process.kill()
        process.communicate()
    site.manage("load_shows", newer)
    assert site.sql(SHOWN) == [(ROWS, 1, "U")]
    assert site.sql(REFUSED) == [(ROWS + 1, "movie_title is empty")]
    assert site.sql("SELECT COUNT(*) FROM reconcile_loadrow") == [(0,)]
    states = [state for (state,) in site.sql("SELECT state FROM reconcile_load ORDER BY id")]
    assert states == ["loaded", "failed", "loaded", "loaded"], "the second is finished later on"
