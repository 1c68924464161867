"""A crawl that is killed and started again: nothing is lost, nothing fetched over and over."""

from __future__ import annotations

import random

import pytest

from tests.site import Site
from tests.sync.movies.killed import (
    crawlable_site,
    finish,
    held,
    kill_at,
    most_fetched,
    wanted,
)

MOVIES = 400
MOMENTS = {"export": (40, 180), "discover": (20, 260)}  # in requests


# Each source on each database is the soak's: tests/soak/test_crawl_campaign.py.
@pytest.mark.parametrize(
    ("database_url", "source"),
    [("sqlite", "export"), pytest.param("mariadb", "discover", marks=pytest.mark.mariadb)],
    indirect=["database_url"],
)
def test_a_crawl_killed_twice_misses_nothing(site: Site, source: str) -> None:
    with crawlable_site(site, MOVIES) as sandbox:
        draw = random.Random(11)
        arguments = ("--source", source, "--batch-size", "20")
        kill_at(site, sandbox, MOMENTS[source], draw, *arguments)
        told = finish(site, *arguments)
        assert told["state"] == "done"
        assert wanted(sandbox, source) <= held(site)
        assert most_fetched(sandbox) <= 2
        assert site.sql("SELECT count(*) FROM sync_crawl") == [(1,)]
        assert site.sql("SELECT max(attempts), max(lease_token) FROM sync_moviefetch") == [(0, "")]
