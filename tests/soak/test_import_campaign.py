"""Imports that are killed at random moments: of files, of ids, and fetching into files."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.site import Site
from tests.soak.telling import print_line, vendor
from tests.sync.movies.invented import bodies_in
from tests.sync.movies.killed import (
    assert_counted_behind_rows,
    assert_imported_whole,
    crawlable_site,
    fetches,
    held,
    kill_once,
    requests,
    wanted,
)

pytestmark = pytest.mark.soak
KILLS = 20
BODIES = 20_000
IDS = 500  # of one order; each order is killed once
IN_FLIGHT = 100  # rows that a claim holds: what a kill may cost
MOVIES = KILLS * IDS * 5 // 4  # some are gone, adult or unlisted
LONGEST_SECONDS = 900
Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def told(line: str) -> None:
        with capsys.disabled():
            print_line(line)

    return told


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("POPFLIX_SOAK_SEED") or random.randrange(10**6))


def test_an_import_of_files_killed_twenty_times_misses_nothing(
    site: Site, tmp_path: Path, seed: int, tell: Tell
) -> None:
    bodies, draw = bodies_in(tmp_path / "bodies", BODIES), random.Random(seed)
    command = ("import_movies", str(tmp_path / "bodies"))

    def movies() -> int:
        return int(site.sql("SELECT count(*) FROM sync_movie")[0][0])

    struck = 0
    for moment in sorted(draw.sample(range(BODIES), KILLS)):
        struck += kill_once(
            site, lambda: movies() >= moment, draw.uniform(0, 0.3), *command  # noqa: B023 - at once
        )  # fmt: skip
        assert_counted_behind_rows(site)
    told = site.json(*command, timeout=LONGEST_SECONDS)
    tell(
        f"seed {seed}, {vendor(site)}: {struck} of {KILLS} kills hit; {told['inserted']} were left"
    )
    assert (told["read"], told["damaged"]) == (BODIES, 0)
    assert_imported_whole(site, bodies)


def test_orders_of_ids_each_killed_once_ask_for_no_id_more_than_twice(
    site: Site, seed: int, tell: Tell
) -> None:
    draw, struck = random.Random(seed), 0
    with crawlable_site(site, MOVIES) as sandbox:
        ids = sorted(wanted(sandbox, "export"))[: KILLS * IDS]
        assert len(ids) == KILLS * IDS
        for order in range(KILLS):
            some = ids[order * IDS : (order + 1) * IDS]
            command = ("import_movies", "--tmdb-id", *map(str, some))
            moment = requests(sandbox) + draw.randrange(IDS)
            struck += kill_once(site, lambda: requests(sandbox) >= moment, 0, *command)  # noqa: B023
            site.json(*command, timeout=LONGEST_SECONDS)
        asked = fetches(sandbox)
        beyond = sum(asked.values()) - len(ids)
        tell(f"seed {seed}, {vendor(site)}: {struck} of {KILLS} kills hit; {beyond} asked twice")
        assert held(site) == set(ids) == asked.keys()
        assert max(asked.values()) <= 2
        assert beyond <= struck * IN_FLIGHT


def test_fetching_into_files_killed_twenty_times_leaves_a_whole_folder(
    site: Site, tmp_path: Path, seed: int, tell: Tell
) -> None:
    draw, struck = random.Random(seed), 0
    with crawlable_site(site, MOVIES) as sandbox:
        ids = sorted(wanted(sandbox, "export"))[: KILLS * IDS]
        (tmp_path / "ids").write_text("\n".join(map(str, ids)))
        command = ("fetch_movies", "--ids-file", str(tmp_path / "ids"),
                   "--into", str(tmp_path / "kept"))  # fmt: skip
        for moment in sorted(draw.sample(range(len(ids)), KILLS)):
            struck += kill_once(
                site, lambda: requests(sandbox) >= moment, draw.uniform(0, 0.3), *command  # noqa: B023
            )  # fmt: skip
        site.json(*command, timeout=LONGEST_SECONDS)
        asked = fetches(sandbox)
        tell(
            f"seed {seed}, {vendor(site)}: {struck} of {KILLS} kills hit; "
            f"{sum(asked.values()) - len(ids)} asked twice"
        )
        assert max(asked.values()) <= 2
        told = site.json("import_movies", str(tmp_path / "kept"), timeout=LONGEST_SECONDS)
        assert (told["inserted"], told["damaged"]) == (len(ids), 0)
        assert held(site) == set(ids)
