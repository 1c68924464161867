"""The long campaigns of the crawl: fifty thousand movies, drift, faults, many kills."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from popflix.sandbox import Sandbox
from tests.site import Site
from tests.soak.telling import print_line, vendor
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
# What a kill takes from a run goes to the end of the queue: nothing is asked for a third time
# before that end is reached. Whatever a kill meets there again has to be asked for again.
BEFORE_THE_END = KILLED_MOVIES * 3 // 4
KILLS = 20
CAP = 100  # pages: so that fifty thousand do not fit
FAULTS = "500=0.02,502=0.01,truncated=0.01,reset=0.01"
HOLES = 25  # films that no request ever gets
LONGEST_SECONDS = 1_500
Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def told(line: str) -> None:
        with capsys.disabled():
            print_line(line)

    return told


@pytest.mark.parametrize("source", ["export", "discover"])
def test_fifty_thousand_movies_come_in_whole_and_every_hole_is_named(
    site: Site, source: str, tell: Tell
) -> None:
    with crawlable_site(
        site, MOVIES, cap=CAP, drift=0.3, faults=FAULTS, broken_movies=HOLES
    ) as sandbox:
        site.env["POPFLIX_MAX_ATTEMPTS"] = "1"  # a claim of four tries outlasts all other faults
        began = time.monotonic()
        told = finish(site, "--source", source, timeout=LONGEST_SECONDS)
        seconds = time.monotonic() - began
        missing = set(site.json("coverage", expect=3)["missing_ids"])
        tell(
            f"{source}, {vendor(site)}: {told['requests']} requests in {seconds:.0f} s "
            f"({told['requests'] / told['seconds'] / RATE:.3f} of the rate), "
            f"{told['retries']} repeated, {told['percent']:.3f} %, undated {told['undated']}, "
            f"{len(missing)} missing"
        )
        assert wanted(sandbox, source) - holes(sandbox) <= held(site)
        assert holes(sandbox) <= missing
        if source == "export":
            assert missing == holes(sandbox)
        else:
            assert missing == exported(sandbox) - held(site)
            listed = [film for film in decent(sandbox) if film["in_discover"]]
            assert told["undated"] == sum(not film["date"] for film in listed)
            assert told["gaps"] == 0
        assert_page_4345_is_refused(site, sandbox)


def decent(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [film for film in sandbox.expected_movies().values() if not film["adult"]]


def exported(sandbox: Sandbox) -> set[int]:
    return {film["id"] for film in decent(sandbox) if film["in_export"]}


def holes(sandbox: Sandbox) -> set[int]:
    """The planted ones that the export lists, and what was merged into one of them."""
    films = decent(sandbox)
    broken = {film["id"] for film in films if film["state"] == "broken"}
    assert len(broken) > HOLES // 2
    lost = {film["id"] for film in films if film["merged_into"] in broken}
    return (broken | lost) & exported(sandbox)


def assert_page_4345_is_refused(site: Site, sandbox: Sandbox) -> None:
    cursors, asked = all_cursors(site), sandbox.report()["requests"]
    window = ("--source", "discover", "--from", "1990-01-01", "--to", "2020-12-31")
    ended = site.manage("crawl_movies", *window, "--start-page", "4345", expect=2)
    assert "TMDB serves no page beyond" in ended.stderr
    assert (all_cursors(site), sandbox.report()["requests"]) == (cursors, asked)


def all_cursors(site: Site) -> list[list[tuple[Any, ...]]]:
    return [
        site.sql("SELECT id, `cursor`, state FROM sync_crawl ORDER BY id"),
        site.sql("SELECT id, next_page, state FROM sync_crawlwindow ORDER BY id"),
    ]


@pytest.mark.parametrize("source", ["export", "discover"])
def test_a_crawl_killed_twenty_times_misses_nothing(site: Site, source: str, tell: Tell) -> None:
    seed = int(os.environ.get("POPFLIX_SOAK_SEED") or random.randrange(10**6))
    draw = random.Random(seed)
    with crawlable_site(site, KILLED_MOVIES, cap=CAP, drift=0.1) as sandbox:
        moments = sorted(draw.sample(range(5, KILLED_MOVIES), KILLS))
        late = [each for each in moments if each >= BEFORE_THE_END]
        kill_at(site, sandbox, moments[: KILLS - len(late)], draw, "--source", source)
        assert most_fetched(sandbox) <= 2
        kill_at(site, sandbox, late, draw, "--source", source)
        told = finish(site, "--source", source, timeout=LONGEST_SECONDS)
        twice = sandbox.report()["requests"] - told["listed"]
        tell(
            f"seed {seed}, {source}, {vendor(site)}: {twice} requests beyond one per id listed, "
            f"no movie fetched more than {most_fetched(sandbox)} times"
        )
        assert told["state"] == "done"
        assert wanted(sandbox, source) <= held(site), f"POPFLIX_SOAK_SEED={seed}"
        assert most_fetched(sandbox) <= 2 + len(late)
