"""A crawl in a process of its own that is killed on the way, and what must hold then."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from popflix.sandbox import Sandbox, running
from tests.site import Site

RATE = 400
CAP = 5


@contextmanager
def crawlable_site(
    site: Site, movies: int, *, cap: int = CAP, **options: Any
) -> Iterator[Sandbox]:
    """A sandbox of so many films, and the site's settings leading to it."""
    with running(titles=1, movies=movies, discover_cap=cap, **options) as sandbox:
        site.env |= {
            "TMDB_API_KEY": "invented-key",
            "TMDB_BASE_URL": sandbox.url,
            "TMDB_EXPORT_URL": sandbox.exports_url,
            "TMDB_RATE_PER_SECOND": str(RATE),
            "TMDB_DISCOVER_PAGES": str(cap),
        }
        yield sandbox


def kill_at(
    site: Site, sandbox: Sandbox, moments: Sequence[int], draw: random.Random, *arguments: str
) -> None:
    """Start the crawl anew for each moment, in requests, and kill it there."""
    for moment in moments:
        process = site.popen("crawl_movies", *arguments)
        while sandbox.report()["requests"] < moment and process.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.3))
        kill(process)
        assert_cursor_behind_rows(site)


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def assert_cursor_behind_rows(site: Site) -> None:
    """Whatever the cursor or a window has passed is work by now."""
    ((work,),) = site.sql("SELECT count(*) FROM sync_moviefetch")
    ((lines,),) = site.sql("SELECT coalesce(max(`cursor`), 0) FROM sync_crawl")
    ((listed,),) = site.sql(
        "SELECT coalesce(sum(total_results), 0) FROM sync_crawlwindow "
        "WHERE state = 'done' AND from_date IS NOT NULL"
    )
    assert work >= lines
    assert work >= listed


def wanted(sandbox: Sandbox, source: str) -> set[int]:
    """What a crawl by this source brings in, whatever happens to it."""
    films = sandbox.expected_movies().values()
    return {
        film["id"]
        for film in films
        if not film["adult"]
        and (
            (film["state"] == "live" and film["in_export"])
            if source == "export"
            else (film["in_discover"] and film["date"])
        )
    }


def held(site: Site) -> set[int]:
    rows = site.sql("SELECT tmdb_id FROM sync_movie WHERE upstream_state = 'live'")
    return {number for (number,) in rows}


def most_fetched(sandbox: Sandbox) -> int:
    counted = sandbox.report()["answered_by_title"]
    return int(max(count for name, count in counted.items() if name.startswith("movie/")))


def finish(site: Site, *arguments: str, timeout: float = 300) -> dict[str, Any]:
    out = site.manage("crawl_movies", *arguments, "--json", timeout=timeout).stdout
    told = json.loads(out)
    assert isinstance(told, dict)
    return told
