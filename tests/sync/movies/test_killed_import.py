"""An import that is killed and given again: of files nothing is lost, of ids none asked twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.site import Site
from tests.sync.movies.invented import bodies_in
from tests.sync.movies.killed import (
    assert_counted_behind_rows,
    assert_imported_whole,
    crawlable_site,
    held,
    kill_once,
    most_fetched,
    requests,
    wanted,
)

BODIES = 2_200  # two whole batches and a part of one
IDS = 120


# Each kind on each database is the soak's: tests/soak/test_import_campaign.py.
ON_MARIADB = pytest.mark.parametrize(
    "database_url", [pytest.param("mariadb", marks=pytest.mark.mariadb)], indirect=True
)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_MARIADB
def test_an_import_of_files_killed_twice_misses_nothing(site: Site, tmp_path: Path) -> None:
    bodies = bodies_in(tmp_path / "bodies", BODIES)
    draw = random.Random(12)

    def movies() -> int:
        return int(site.sql("SELECT count(*) FROM sync_movie")[0][0])

    for moment in (0, 1):
        kill_once(
            site, lambda: movies() >= moment, draw.uniform(0, 0.1),  # noqa: B023 - at once
            "import_movies", str(tmp_path / "bodies"),
        )  # fmt: skip
        assert_counted_behind_rows(site)
    told = site.json("import_movies", str(tmp_path / "bodies"))
    assert (told["read"], told["damaged"]) == (BODIES, 0)
    assert_imported_whole(site, bodies)


@ON_SQLITE
def test_an_import_of_ids_killed_on_the_way_asks_for_none_of_them_over_and_over(
    site: Site,
) -> None:
    with crawlable_site(site, 300) as sandbox:
        ids = sorted(wanted(sandbox, "export"))[:IDS]
        command = ("import_movies", "--tmdb-id", *map(str, ids))
        assert kill_once(site, lambda: requests(sandbox) >= IDS * 3 // 4, 0, *command)
        done = len(held(site))
        told = site.json(*command)
        assert done > 0
        assert told["fetched"] == IDS - done
        assert held(site) == set(ids)
        assert most_fetched(sandbox) <= 2
        again = site.json(*command)  # an order that was carried out wants everything anew
        assert again["fetched"] == IDS
