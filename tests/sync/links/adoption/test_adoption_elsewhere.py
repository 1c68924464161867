"""Adoption where case, types or DDL differ: SQLite, PostgreSQL, lower_case_table_names=1."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from popflix.lib.errors import OperatorError
from sync.links.models import Enrichment, MediaLinks, Title
from tests.sync.links.adoption.scratch import (
    LINKS,
    MEDIA_LINKS,
    SEED_UPSERT,
    TITLE_BASICS,
    TITLES,
    Scratch,
)

# The seed's table in words that SQLite and PostgreSQL know.
PLAIN_LINKS = """
    CREATE TABLE MediaLinks (
        imdb_id VARCHAR(10) NOT NULL PRIMARY KEY,
        tmdb_id INT,
        poster_url VARCHAR(2048),
        trailer_embed_url VARCHAR(2048),
        processed_status VARCHAR(7) NOT NULL DEFAULT 'PENDING',
        last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        FOREIGN KEY (imdb_id) REFERENCES TitleBasics(tconst)
    )"""


def assert_adopted(database: Scratch) -> None:
    """Reads what was there, writes all three tables, and joins them."""
    links = MediaLinks.objects.using(database.alias)
    states = dict(links.values_list("title_id", "processed_status"))
    assert states == {"tt9900001": "SUCCESS", "tt9900002": "PENDING", "tt9900003": "FAILED"}
    seen = links.get(title_id="tt9900001").last_updated
    assert seen == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    links.create(title_id="tt9900004")
    Enrichment.objects.using(database.alias).create(link_id="tt9900004")
    row = Enrichment.objects.using(database.alias).select_related("link__title").get()
    assert row.link.title.primary_title == "Without a link"
    assert row.link.last_updated is not None


def test_sqlite_tables_are_adopted_with_rows_extras_and_missing_columns(sqlite: Scratch) -> None:
    sqlite.run(TITLE_BASICS.replace("endYear INT,", "note TEXT DEFAULT 'mine',"), PLAIN_LINKS,
               TITLES, LINKS, "CREATE INDEX by_year ON TitleBasics (startYear)")  # fmt: skip
    links = sqlite.definition("MediaLinks")
    sqlite.migrate("sync")
    assert_adopted(sqlite)
    assert sqlite.definition("MediaLinks") == links
    assert sqlite.columns("TitleBasics")[-2:] == ["genres", "endYear"]
    assert "by_year" in sqlite.definition("TitleBasics")
    assert sqlite.rows("SELECT DISTINCT note FROM TitleBasics") == [("mine",)]


def test_sqlite_takes_tables_written_in_lower_case(sqlite: Scratch) -> None:
    sqlite.run(
        TITLE_BASICS.lower(), PLAIN_LINKS.replace("MediaLinks", "medialinks"), TITLES, LINKS
    )
    sqlite.migrate()
    assert_adopted(sqlite)


def test_a_missing_stamp_is_added_on_sqlite_without_its_computed_default(sqlite: Scratch) -> None:
    sqlite.run("CREATE TABLE TitleBasics (tconst TEXT PRIMARY KEY)",
               "CREATE TABLE MediaLinks (imdb_id TEXT PRIMARY KEY)",
               "INSERT INTO TitleBasics VALUES ('tt9900001')")  # fmt: skip
    sqlite.migrate()
    link = MediaLinks.objects.using(sqlite.alias).create(title_id="tt9900001")
    link.refresh_from_db(using=sqlite.alias)
    assert (link.processed_status, link.last_updated is None) == ("PENDING", False)


SQLITE_MISFITS = {
    "other names": (
        ["CREATE TABLE TitleBasics (tconst TEXT PRIMARY KEY, title_type TEXT)"],
        "it has title_type in place of titleType",
    ),
    "year as text": (
        ["CREATE TABLE TitleBasics (tconst TEXT PRIMARY KEY, startYear TEXT)"],
        "startYear is text, which cannot hold 1894",
    ),
    "no key": (["CREATE TABLE TitleBasics (tconst TEXT)"], "tconst is no key"),
    "a column popflix cannot fill": (
        ["CREATE TABLE TitleBasics (tconst TEXT PRIMARY KEY, titleType TEXT,"
         " owner TEXT NOT NULL)"],
        "its column owner asks for a value",
    ),
    "optional state": (
        ["CREATE TABLE TitleBasics (tconst TEXT PRIMARY KEY)",
         "CREATE TABLE MediaLinks (imdb_id TEXT PRIMARY KEY, processed_status TEXT)"],
        "processed_status must be required",
    ),
    "a view": (["CREATE VIEW TitleBasics AS SELECT 1 AS tconst"], "it is a view"),
}  # fmt: skip


@pytest.mark.parametrize(("tables", "cause"), SQLITE_MISFITS.values(), ids=SQLITE_MISFITS.keys())
def test_a_misfit_on_sqlite_is_refused_and_its_cure_cures(
    sqlite: Scratch, tables: list[str], cause: str
) -> None:
    sqlite.run(*tables)
    before = sqlite.everything()
    with pytest.raises(OperatorError) as refused:
        sqlite.migrate()
    assert cause in refused.value.cause
    assert sqlite.everything() == before
    for each in sqlite.examined().values():
        for problem in each.comparison.misfits:
            sqlite.run(*problem.cure)
    sqlite.migrate()
    assert {each.state for each in sqlite.examined().values()} == {"fits"}


@pytest.mark.postgres
def test_a_new_postgresql_database_gets_tables_that_fit(postgresql: Scratch) -> None:
    postgresql.migrate("sync")
    assert [each.state for each in postgresql.examined().values()] == ["fits", "fits"]
    postgresql.run(TITLES.replace("TitleBasics", '"TitleBasics"')
                   .replace("titleType, primaryTitle, startYear",
                            '"titleType", "primaryTitle", "startYear"'),
                   LINKS.replace("MediaLinks", '"MediaLinks"'))  # fmt: skip
    assert_adopted(postgresql)


@pytest.mark.postgres
def test_postgresql_tables_of_folded_names_are_refused_with_every_rename(
    postgresql: Scratch,
) -> None:
    titles = TITLE_BASICS.replace("TINYINT(1)", "BOOLEAN").replace("endYear INT,", "")
    links = PLAIN_LINKS.replace("poster_url VARCHAR(2048)", "poster_url VARCHAR(2048) NOT NULL")
    postgresql.run(titles, links)
    before = postgresql.everything()
    with pytest.raises(OperatorError) as refused:
        postgresql.migrate()
    assert "it is written titlebasics" in refused.value.cause
    assert "it has startyear in place of startYear" in refused.value.cause
    assert "last_updated is timestamp without time zone" in refused.value.cause
    assert postgresql.everything() == before
    for each in postgresql.examined().values():
        for problem in each.comparison.misfits:
            postgresql.run(*problem.cure)
    postgresql.migrate()
    assert {each.state for each in postgresql.examined().values()} == {"fits"}


@pytest.mark.mariadb
def test_with_lower_case_table_names_the_tables_are_adopted(lower_case_maria: Scratch) -> None:
    lower_case_maria.run(TITLE_BASICS + " CHARACTER SET latin1", MEDIA_LINKS +
                         " CHARACTER SET latin1", TITLES, LINKS)  # fmt: skip
    before = lower_case_maria.everything()
    assert set(before) == {"titlebasics", "medialinks"}
    lower_case_maria.migrate()
    after = lower_case_maria.everything()
    assert {name: after[name] for name in before} == before
    assert_adopted(lower_case_maria)
    lower_case_maria.run(SEED_UPSERT, params=("tt9900004", 9000004, None, None, "SUCCESS"))
    assert MediaLinks.objects.using(lower_case_maria.alias).filter(tmdb_id=9000004).exists()


@pytest.mark.mariadb
def test_with_lower_case_table_names_new_and_missing_parts_are_made(
    lower_case_maria: Scratch,
) -> None:
    lower_case_maria.run(
        "CREATE TABLE TitleBasics (tconst VARCHAR(10) PRIMARY KEY) CHARSET latin1"
    )
    lower_case_maria.migrate()
    Title.objects.using(lower_case_maria.alias).create(tconst="tt9900001", primary_title="千")
    MediaLinks.objects.using(lower_case_maria.alias).create(title_id="tt9900001")
    advice = lower_case_maria.examined()["TitleBasics"].comparison.advice
    lower_case_maria.run(*(sql for problem in advice for sql in problem.cure))
    assert lower_case_maria.examined()["TitleBasics"].comparison.advice == ()


def test_sqlite_tables_get_the_indexes_of_the_lists_once(sqlite: Scratch) -> None:
    sqlite.run(TITLE_BASICS, PLAIN_LINKS, TITLES, LINKS,
               "CREATE INDEX mine ON TitleBasics (titleType, tconst)",
               "CREATE INDEX titles_by_beginning ON TitleBasics (primaryTitle COLLATE NOCASE)",
               "CREATE INDEX names ON TitleBasics (primaryTitle)")  # fmt: skip
    sqlite.migrate()
    found = {row[0] for row in sqlite.rows("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert found >= {"mine", "names", "titles_by_beginning", "links_of_a_status"}
    assert "titles_of_a_type" not in found
    sqlite.migrate("sync", "0010")
    left = {row[0] for row in sqlite.rows("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"mine", "names"} <= left
    assert not left & {"titles_by_beginning", "links_of_a_status", "links_by_tmdb_id"}
