"""Tables on MariaDB that do not fit are refused in one sentence, untouched, with the cure."""

from __future__ import annotations

import pytest

from popflix.lib.errors import OperatorError
from tests.sync.links.adoption.scratch import (
    LINKS,
    MEDIA_LINKS,
    TITLE_BASICS,
    TITLES,
    Scratch,
)

pytestmark = pytest.mark.mariadb
KEY = "tconst VARCHAR(10) NOT NULL PRIMARY KEY"
LATIN1 = " CHARACTER SET latin1"
MISFITS = {
    "other column names": (
        [TITLE_BASICS.replace("titleType", "title_type"), MEDIA_LINKS],
        "TitleBasics does not fit, because it has title_type in place of titleType",
    ),
    "all names in snake case": (
        ["CREATE TABLE TitleBasics (tconst VARCHAR(10) PRIMARY KEY, title_type VARCHAR(20),"
         " primary_title TEXT, original_title TEXT, is_adult BOOL, start_year INT,"
         " end_year INT, runtime_minutes INT, genres TEXT)"],
        "it has title_type in place of titleType, and it has primary_title in place of",
    ),
    "shorter names": (
        [f"CREATE TABLE TitleBasics ({KEY}, type VARCHAR(20), runtime INT)"],
        "it has type in place of titleType, and it has runtime in place of runtimeMinutes",
    ),
    "renamed and of another type": (
        [f"CREATE TABLE TitleBasics ({KEY}, start_year YEAR)"],
        "it has start_year in place of startYear, and startYear is year(4), which cannot hold",
    ),
    "another kind of table": (
        [f"CREATE TABLE TitleBasics ({KEY}, name TEXT, kind TEXT, released DATE)"],
        "it is another kind of table, without titleType, primaryTitle",
    ),
    "without the ids": (
        ["CREATE TABLE TitleBasics (id INT PRIMARY KEY, titleType VARCHAR(20))"],
        "it is another kind of table, without tconst",
    ),
    "year": (
        [TITLE_BASICS.replace("startYear INT", "startYear YEAR"), MEDIA_LINKS],
        "startYear is year(4), which cannot hold 1894",
    ),
    "year as text": (
        [TITLE_BASICS.replace("startYear INT", "startYear VARCHAR(4)")],
        "startYear is varchar(4), which cannot hold 1894",
    ),
    "tiny running time": (
        [TITLE_BASICS.replace("runtimeMinutes INT", "runtimeMinutes SMALLINT")],
        "runtimeMinutes is smallint(6), which cannot hold 51420",
    ),
    "short types": (
        [TITLE_BASICS.replace("titleType VARCHAR(20)", "titleType VARCHAR(10)")],
        "titleType is varchar(10), which cannot hold the 12 characters of IMDb's title types",
    ),
    "types as an enum": (
        [TITLE_BASICS.replace("titleType VARCHAR(20)", "titleType ENUM('movie','short')")],
        "titleType is enum('movie','short'), which cannot hold",
    ),
    "narrow ids": (
        [TITLE_BASICS.replace("tconst VARCHAR(10)", "tconst VARCHAR(9)"),
         MEDIA_LINKS.replace("imdb_id VARCHAR(10)", "imdb_id VARCHAR(9)")],
        "tconst is varchar(9), which cannot hold the 10 characters of IMDb's ids",
    ),
    "ids as numbers": (
        ["CREATE TABLE TitleBasics (tconst INT PRIMARY KEY)"],
        "tconst is int(11), which cannot hold the 10 characters",
    ),
    "ids as unbounded text": (
        ["CREATE TABLE TitleBasics (tconst TEXT)"],
        "tconst is text, which cannot hold the 10 characters of IMDb's ids, and tconst is no key",
    ),
    "no key": (["CREATE TABLE TitleBasics (tconst VARCHAR(10))"], "tconst is no key"),
    "another key": (
        ["CREATE TABLE TitleBasics (id INT AUTO_INCREMENT PRIMARY KEY, tconst VARCHAR(10))"],
        "tconst must be required, and tconst is no key",
    ),
    "half a key": (
        ["CREATE TABLE TitleBasics (tconst VARCHAR(10), edition INT DEFAULT 1,"
         " PRIMARY KEY (tconst, edition))"],
        "tconst is no key",
    ),
    "other states": (
        [TITLE_BASICS, MEDIA_LINKS.replace("'FAILED'", "'ERROR'")],
        "MediaLinks does not fit, because processed_status is enum('PENDING','SUCCESS','ERROR')"
        " where enum('PENDING', 'SUCCESS', 'FAILED') is needed",
    ),
    "optional state": (
        [TITLE_BASICS, MEDIA_LINKS.replace("NOT NULL DEFAULT 'PENDING'", "NULL")],
        "processed_status must be required",
    ),
    "required poster": (
        [TITLE_BASICS, MEDIA_LINKS.replace("poster_url VARCHAR(2048)",
                                           "poster_url VARCHAR(2048) NOT NULL DEFAULT ''")],
        "poster_url must be optional",
    ),
    "a column popflix cannot fill": (
        [TITLE_BASICS.replace("genres", "owner VARCHAR(20) NOT NULL, genres")],
        "its column owner asks for a value popflix does not know",
    ),
    "ends of different collations": (
        [TITLE_BASICS + LATIN1, MEDIA_LINKS.split(",\n        FOREIGN")[0] + ")"],
        "imdb_id and what it refers to differ in collation",
    ),
    "links of another collation than the titles to come": (
        [MEDIA_LINKS.split(",\n        FOREIGN")[0] + ")" + LATIN1],
        "imdb_id and what it refers to differ in collation",
    ),
    "an engine without transactions": (
        [TITLE_BASICS + " ENGINE=MyISAM"],
        "its engine MyISAM knows no transactions",
    ),
    "both tables at once": (
        [TITLE_BASICS.replace("startYear INT", "startYear YEAR"),
         MEDIA_LINKS.replace("tmdb_id INT", "tmdb_id VARCHAR(20)")],
        "which cannot hold 1894; and MediaLinks does not fit, because tmdb_id is varchar(20)"
        " where integer is needed",
    ),
    "lower-case tables": (
        [TITLE_BASICS.replace("TitleBasics", "titlebasics"),
         MEDIA_LINKS.replace("TitleBasics", "titlebasics").replace("MediaLinks", "medialinks")],
        "TitleBasics does not fit, because it is written titlebasics; and MediaLinks does not"
        " fit, because it is written medialinks",
    ),
    "a view": (
        ["CREATE TABLE imdb (tconst VARCHAR(10) PRIMARY KEY)",
         "CREATE VIEW TitleBasics AS SELECT * FROM imdb"],
        "it is a view",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tables", "cause"), MISFITS.values(), ids=MISFITS.keys())
def test_a_misfit_is_refused_untouched_and_its_cure_cures(
    maria: Scratch, tables: list[str], cause: str
) -> None:
    maria.run(*tables)
    before = maria.everything()
    with pytest.raises(OperatorError) as refused:
        maria.migrate()
    assert cause in refused.value.cause
    assert refused.value.cause.count(". ") == 0
    assert maria.everything() == before  # and so without django_migrations

    problems = [p for each in maria.examined().values() for p in each.comparison.misfits]
    cures = [sql for problem in problems for sql in problem.cure]
    assert all(sql in refused.value.cure for sql in cures)
    maria.run(*cures)
    maria.migrate()  # would refuse again
    assert {"TitleBasics", "MediaLinks", "sync_enrichment"} <= maria.tables()


def test_the_cure_of_a_year_column_keeps_its_values(maria: Scratch) -> None:
    table = TITLE_BASICS.replace("startYear INT", "startYear YEAR")
    maria.run(table, MEDIA_LINKS, TITLES.replace("1894", "1901"), LINKS)
    [problem] = maria.examined()["TitleBasics"].comparison.misfits
    assert problem.cure == ("ALTER TABLE `TitleBasics` MODIFY `startYear` smallint NULL",)
    maria.run(*problem.cure)
    years = "SELECT startYear FROM TitleBasics ORDER BY tconst"
    assert maria.rows(years) == [(1994,), (2004,), (1901,), (2020,)]


def test_required_states_are_filled_by_the_cure(maria: Scratch) -> None:
    links = MEDIA_LINKS.replace("NOT NULL DEFAULT 'PENDING'", "NULL")
    maria.run(TITLE_BASICS, links, TITLES, LINKS.replace("'PENDING'", "NULL"))
    [problem] = maria.examined()["MediaLinks"].comparison.misfits
    maria.run(*problem.cure)
    states = "SELECT processed_status FROM MediaLinks ORDER BY imdb_id"
    assert maria.rows(states) == [("SUCCESS",), ("PENDING",), ("FAILED",)]


def test_the_cure_keeps_the_users_foreign_keys(maria: Scratch) -> None:
    narrow = TITLE_BASICS.replace("tconst VARCHAR(10)", "tconst VARCHAR(9)")
    maria.run(narrow, "CREATE TABLE notes (t VARCHAR(9), KEY by_t (t), "
              "FOREIGN KEY (t) REFERENCES TitleBasics (tconst) "
              "ON DELETE CASCADE ON UPDATE SET NULL)")  # fmt: skip
    before = maria.definition("notes")
    [problem] = maria.examined()["TitleBasics"].comparison.misfits
    maria.run(*problem.cure)
    assert maria.definition("notes") == before


def test_a_lower_case_twin_beside_the_right_table_is_left_alone(maria: Scratch) -> None:
    maria.run("CREATE TABLE titlebasics (whatever INT)", TITLE_BASICS)
    maria.migrate()
    assert maria.columns("titlebasics") == ["whatever"]
