"""A crawl or an import in a process of its own that is killed on the way; what must hold then."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
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
        kill_once(
            site, lambda: requests(sandbox) >= moment, draw.uniform(0, 0.3),  # noqa: B023 - at once
            "crawl_movies", *arguments,
        )  # fmt: skip
        assert_cursor_behind_rows(site)


def kill_once(site: Site, is_there: Callable[[], bool], seconds: float, *command: str) -> bool:
    """Run a command and kill it so long after `is_there`; False: it had ended before."""
    process = site.popen(*command)
    while not is_there() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(seconds)
    is_killed = process.poll() is None
    kill(process)
    return is_killed


def requests(sandbox: Sandbox) -> int:
    return int(sandbox.report()["requests"])


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


def fetches(sandbox: Sandbox) -> dict[int, int]:
    """How often the record of each film was truly answered."""
    return {
        int(name.removeprefix("movie/")): int(count)
        for name, count in sandbox.report()["answered_by_title"].items()
        if name.startswith("movie/")
    }


def most_fetched(sandbox: Sandbox) -> int:
    return max(fetches(sandbox).values())


def assert_counted_behind_rows(site: Site) -> None:
    """Whatever a run has counted as read is a movie by now."""
    (((counted,),), ((stored,),)) = (
        site.sql("SELECT coalesce(max(done_count), 0) FROM engine_run"),
        site.sql("SELECT count(*) FROM sync_movie"),
    )
    assert counted <= stored


def assert_imported_whole(site: Site, bodies: set[tuple[int, str]]) -> None:
    """Each body a movie with its payload, its rating and its work; nothing is left claimed."""
    assert set(site.sql("SELECT tmdb_id, payload_id FROM sync_movie")) == bodies
    for table in ("sync_storedpayload", "sync_movierating", "sync_moviefetch"):
        assert site.sql(f"SELECT count(*) FROM {table}") == [(len(bodies),)]
    assert site.sql("SELECT count(*) FROM sync_moviefetch WHERE movie_id IS NULL") == [(0,)]
    assert site.sql("SELECT max(attempts), max(lease_token) FROM sync_moviefetch") == [(0, "")]


def finish(site: Site, *arguments: str, timeout: float = 300) -> dict[str, Any]:
    out = site.manage("crawl_movies", *arguments, "--json", timeout=timeout).stdout
    told = json.loads(out)
    assert isinstance(told, dict)
    return told
