"""The long campaigns of the crawl: fifty thousand movies, drift, faults, many kills."""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.site import Site
from tests.soak.telling import print_line
from tests.sync.movies.killed import (
    RATE,
    crawlable_site,
    finish,
    held,
    kill_at,
    most_fetched,
    wanted,
)

pytestmark = pytest.mark.soak
MOVIES = 50_000
KILLED_MOVIES = 20_000
KILLS = 20
CAP = 100  # pages: so that fifty thousand do not fit
FAULTS = "500=0.02,502=0.01,truncated=0.01,reset=0.01"
LONGEST_SECONDS = 1_500


@pytest.mark.parametrize("source", ["export", "discover"])
def test_fifty_thousand_movies_come_in_whole(
    site: Site, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with crawlable_site(site, MOVIES, cap=CAP, drift=0.3, faults=FAULTS) as sandbox:
        began = time.monotonic()
        told = finish(site, "--source", source, timeout=LONGEST_SECONDS)
        seconds = time.monotonic() - began
        with capsys.disabled():
            print_line(
                f"{source}: {told['requests']} requests in {seconds:.0f} s "
                f"({told['requests'] / told['seconds'] / RATE:.3f} of the rate), "
                f"{told['retries']} repeated, {told['percent']} %, undated {told['undated']}"
            )
        assert wanted(sandbox, source) <= held(site)
        if source == "export":
            assert (told["missing"], told["percent"]) == (0, 100.0)
        else:
            films = sandbox.expected_movies().values()
            listed = [film for film in films if film["in_discover"] and not film["adult"]]
            assert told["undated"] == sum(not film["date"] for film in listed)
            assert told["gaps"] == 0


@pytest.mark.parametrize("source", ["export", "discover"])
def test_a_crawl_killed_twenty_times_misses_nothing(
    site: Site, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("POPFLIX_SOAK_SEED") or random.randrange(10**6))
    draw = random.Random(seed)
    with crawlable_site(site, KILLED_MOVIES, cap=CAP, drift=0.1) as sandbox:
        moments = sorted(draw.sample(range(5, KILLED_MOVIES), KILLS))
        kill_at(site, sandbox, moments, draw, "--source", source)
        told = finish(site, "--source", source, timeout=LONGEST_SECONDS)
        twice = sandbox.report()["requests"] - told["listed"]
        with capsys.disabled():
            print_line(f"seed {seed}, {source}: {twice} requests beyond one per movie")
        assert told["state"] == "done"
        assert wanted(sandbox, source) <= held(site), f"POPFLIX_SOAK_SEED={seed}"
        assert most_fetched(sandbox) <= 2
