"""Feeds into the seed's own table, whose collation takes capitals and accents for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reconcile.adoption.test_adoption import PRISMA, TABLES
from tests.reconcile.feed.made import row, write
from tests.services.plugin import require
from tests.site import Site, create_mysql_database

pytestmark = pytest.mark.mariadb


@pytest.fixture
def seeded(tmp_path: Path) -> Site:
    made = Site(tmp_path, create_mysql_database(require("mariadb").url))
    for table in TABLES:
        made.sql(PRISMA.format(table=table))
    made.manage("migrate", "-v0")
    return made


def test_what_the_tables_key_takes_for_one_is_merged_and_told(
    seeded: Site, tmp_path: Path
) -> None:
    names = ("AUDI 2", "Audi 2", "Audí 2", "AUDI 3")
    path = write(tmp_path / "shows.json", [row(screen_name=name) for name in names])
    (told,) = seeded.json("load_shows", str(path))["feeds"]
    assert [told[name] for name in ("read", "staged", "merged", "inserted")] == [4, 2, 2, 2]
    assert seeded.sql("SELECT screenName FROM SyncShow ORDER BY id") == [("Audí 2",), ("AUDI 3",)]
    (told,) = seeded.json("load_shows", str(path))["feeds"]
    assert [told[name] for name in ("inserted", "updated", "removed")] == [0, 0, 0]


def test_what_only_the_collation_takes_for_one_is_written(seeded: Site, tmp_path: Path) -> None:
    first = write(tmp_path / "first.json", [row(movie_title="CAFE"), row(1, is_active="Y")])
    seeded.manage("load_shows", str(first))
    shows = [row(movie_title="Café", screen_name="Audi 1"), row(1, is_active="y")]
    (told,) = seeded.json("load_shows", str(write(tmp_path / "b.json", shows)))["feeds"]
    assert [told[name] for name in ("inserted", "updated", "removed")] == [0, 2, 0]
    assert seeded.sql("SELECT title, screenName, isActive FROM SyncShow ORDER BY id") == [
        ("Café", "Audi 1", "Y"),
        ("THE LONG ROAD (HINDI)", "AUDI 1", "y"),
    ]
