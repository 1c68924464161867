"""Imports into somebody's own tables, and into PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services.servers import Server
from tests.site import Site, create_mysql_database
from tests.sync.links.adoption.scratch import LINKS, MEDIA_LINKS, TITLE_BASICS, TITLES
from tests.sync.links.imdb import TWINS, as_values, fields, movies, write, write_ratings


def mysql(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements as anybody would and return the rows of the last."""
    import MySQLdb

    parts = urlsplit(url)
    connection = MySQLdb.connect(
        host=parts.hostname or "",
        port=parts.port or 0,
        user=parts.username or "",
        db=parts.path.strip("/"),
        charset="utf8mb4",
    )
    try:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        connection.commit()
        return list(cursor.fetchall())
    finally:
        connection.close()


@pytest.mark.mariadb
def test_the_seeds_tables_are_filled_and_its_links_stay_as_they_were(
    tmp_path: Path, mariadb: Server
) -> None:
    url = create_mysql_database(mariadb.url)
    mysql(url, TITLE_BASICS, MEDIA_LINKS, TITLES, LINKS)
    links = "SELECT * FROM MediaLinks ORDER BY imdb_id"
    before = mysql(url, links)
    site = Site(tmp_path, url)
    site.manage("migrate", "-v0")
    rows = [
        fields(9900001, primaryTitle='"Quoted" Première', startYear="1994"),
        fields(9900005, primaryTitle="青い鳥の夢", startYear="1894"),
        fields(12345678),  # ten characters, as many as the column takes
        fields(123456789),
        *movies(2, first=9900006),
    ]
    path = write(tmp_path / "title.basics.tsv", rows)
    told = site.json("import_imdb", str(path))
    assert told["way"] == "LOAD DATA LOCAL"
    assert (told["inserted"], told["updated"], told["quarantined"]) == (4, 1, 1)
    reason = "has 11 characters where the column takes 10"
    assert reason in mysql(url, "SELECT reason FROM lib_quarantinedrow WHERE line = 5")[0][0]
    found = mysql(url, "SELECT * FROM TitleBasics WHERE tconst = 'tt9900005'")
    assert found == [(*as_values(rows[1])[:4], 0, *as_values(rows[1])[5:])]
    after = mysql(url, links)
    assert [row for row in after if row in before] == before
    new = ["tt12345678", "tt9900004", "tt9900005", "tt9900006", "tt9900007"]
    assert sorted(row[0] for row in after if row not in before) == new
    assert told["work_added"] == len(new) + len(before)
    due = "SELECT due_at FROM sync_enrichment WHERE imdb_id = 'tt9900001'"
    assert mysql(url, due) == [(dt.datetime(2025, 6, 1, 3, 4, 5),)]  # 150 days after its answer


@pytest.mark.mariadb
def test_titles_that_a_narrow_character_set_cannot_hold_are_quarantined(
    tmp_path: Path, mariadb: Server
) -> None:
    """`adopt --check` advises against such a table; whoever keeps it loses no other row."""
    url = create_mysql_database(mariadb.url)
    site = Site(tmp_path, url)
    site.migrate()
    for name in ("primaryTitle", "originalTitle"):
        mysql(url, f"ALTER TABLE TitleBasics MODIFY {name} VARCHAR(300) CHARACTER SET latin1")
    rows = [
        fields(number, primaryTitle="青い鳥" if number % 3 else "Film é", originalTitle="x")
        for number in range(1, 301)
    ]
    path = write(tmp_path / "title.basics.tsv", rows)
    for ending in (["--json"], ["--json", "--batch-size", "7"]):
        told = site.json("import_imdb", str(path), *ending[1:])
        assert (told["inserted"] + told["unchanged"], told["quarantined"]) == (100, 200)
    (reason,) = mysql(url, "SELECT reason FROM lib_quarantinedrow WHERE line = 2")[0]
    assert "the database refuses it: Incorrect string value" in reason
    assert mysql(url, "SELECT COUNT(*) FROM lib_quarantinedrow") == [(200,)]
    assert mysql(url, "SELECT DISTINCT primaryTitle FROM TitleBasics") == [("Film é",)]


def postgres_database(server: Server) -> str:
    import psycopg

    name = f"site_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server.url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server.url}/{name}"


@pytest.mark.postgres
def test_postgresql_holds_the_same_and_changes_only_what_differs(
    tmp_path: Path, postgres: Server
) -> None:
    import psycopg

    url = postgres_database(postgres)
    site = Site(tmp_path, url)
    site.manage("migrate", "-v0")
    good = [row for row in TWINS if "\0" not in "".join(row)]
    rows = [*good, fields(50, primaryTitle="a\0b"), fields(51, startYear="?"), fields(11)]
    path = write(tmp_path / "title.basics.tsv", rows)
    ratings = write_ratings(tmp_path / "ratings.tsv", {"tt0000013": 9, "tt0000099": 1})
    told = site.json("import_imdb", str(path), "--types", "all", "--ratings", str(ratings))
    assert told["way"] == "COPY"
    assert (told["inserted"], told["updated"], told["quarantined"]) == (7, 1, 2)
    assert (told["ratings"]["inserted"], told["ratings"]["orphans"]) == (1, 1)
    with psycopg.connect(url) as connection:
        held = connection.execute('SELECT * FROM "TitleBasics" ORDER BY tconst').fetchall()
        expected = sorted(map(as_values, [*good[1:], fields(11)]))
        assert held == expected
        due = connection.execute("SELECT imdb_id FROM sync_enrichment ORDER BY due_at LIMIT 1")
        assert due.fetchall() == [("tt0000013",)]
    rows[2] = (*rows[2][:7], "46", "Drama")
    write(path, [*rows, fields(60)])
    again = site.json("import_imdb", str(path), "--types", "all")
    # The repeated id goes to and fro, as it does wherever rows come one by one.
    assert (again["inserted"], again["updated"], again["unchanged"]) == (1, 3, 5)
    assert again["work_added"] == 1
