"""Users' tables on MariaDB are taken over as they are, and the seed's program goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from popflix.engine.models import Lane
from popflix.lib.errors import OperatorError
from sync.links.models import Enrichment, MediaLinks, ProcessedStatus, Title, TitleRating
from tests.sync.links.adoption.scratch import (
    LINKS,
    MEDIA_LINKS,
    SEED_UPSERT,
    TITLE_BASICS,
    TITLES,
    Scratch,
)

pytestmark = pytest.mark.mariadb
SQL_FILE = Path(__file__).parents[4] / "docs" / "sql" / "create_media_links_table.sql"
CHARSETS = {
    "latin1": " CHARACTER SET latin1",
    "general_ci": " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    "bin": " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
}
charsets = pytest.mark.parametrize("charset", CHARSETS.values(), ids=CHARSETS.keys())


def seeded(database: Scratch, charset: str = "") -> None:
    database.run(TITLE_BASICS + charset, MEDIA_LINKS + charset, TITLES, LINKS)


def enrich(database: Scratch, tconst: str) -> Enrichment:
    return Enrichment.objects.using(database.alias).create(link_id=tconst, lane=Lane.BACKFILL)


def fill(database: Scratch) -> None:
    """So many rows that a scan would be dearer than an index."""
    database.run(
        "INSERT INTO TitleBasics (tconst) SELECT CONCAT('tt98', seq + 10000) FROM seq_1_to_2000",
        "INSERT IGNORE INTO MediaLinks (imdb_id) SELECT tconst FROM TitleBasics",
        "ANALYZE TABLE TitleBasics, MediaLinks",
    )
    for number in (1, 2):
        enrich(database, f"tt98{10000 + number}")


def joined_by_index(database: Scratch) -> list[str]:
    """How links and titles are found from the companions: the access type of each."""
    plan = database.rows(
        "EXPLAIN SELECT STRAIGHT_JOIN * FROM sync_enrichment "
        "JOIN MediaLinks ON MediaLinks.imdb_id = sync_enrichment.imdb_id "
        "JOIN TitleBasics ON TitleBasics.tconst = MediaLinks.imdb_id "
        "LEFT JOIN sync_titlerating ON sync_titlerating.tconst = TitleBasics.tconst "
    )
    return [str(row[3]) for row in plan[1:]]


@charsets
def test_the_seeds_tables_and_rows_stay_as_they_are(maria: Scratch, charset: str) -> None:
    seeded(maria, charset)
    before = maria.everything()
    maria.migrate("sync")
    after = maria.everything()
    assert {name: after[name] for name in before} == before


@charsets
def test_popflix_reads_and_writes_adopted_tables(maria: Scratch, charset: str) -> None:
    seeded(maria, charset)
    maria.migrate()
    links = MediaLinks.objects.using(maria.alias)
    states = dict(links.values_list("title_id", "processed_status"))
    assert states == {"tt9900001": "SUCCESS", "tt9900002": "PENDING", "tt9900003": "FAILED"}
    first = links.select_related("title").get(title_id="tt9900001")
    assert first.last_updated == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert first.title.primary_title == '"Quoted" Première'
    links.create(title_id="tt9900004", processed_status=ProcessedStatus.SUCCESS, tmdb_id=9000004)
    links.filter(title_id="tt9900003").update(poster_url="https://images.invalid/3.jpg")
    assert links.filter(tmdb_id=9000004, title__start_year=2020).exists()
    assert links.get(title_id="tt9900003").poster_url == "https://images.invalid/3.jpg"


@charsets
@pytest.mark.parametrize("tables", ["both tables", "only TitleBasics"])
def test_the_seeds_own_upsert_still_works(maria: Scratch, charset: str, tables: str) -> None:
    if tables == "both tables":
        seeded(maria, charset)
    else:
        maria.run(TITLE_BASICS + charset, TITLES)
    maria.migrate()
    url = "https://images.invalid/a.jpg"
    maria.run(SEED_UPSERT, params=("tt9900004", 9000004, None, None, "PENDING"))
    maria.run(SEED_UPSERT, params=("tt9900004", 9000004, url, None, "SUCCESS"))
    link = MediaLinks.objects.using(maria.alias).get(title_id="tt9900004")
    assert (link.tmdb_id, link.poster_url, link.processed_status) == (9000004, url, "SUCCESS")
    assert link.last_updated is not None


@charsets
@pytest.mark.parametrize("tables", ["both tables", "only TitleBasics"])
def test_companions_join_adopted_tables_by_index(
    maria: Scratch, charset: str, tables: str
) -> None:
    maria.run(TITLE_BASICS + charset, TITLES)
    if tables == "both tables":
        maria.run(MEDIA_LINKS + charset)
    maria.migrate()
    fill(maria)
    assert joined_by_index(maria) == ["eq_ref", "eq_ref", "eq_ref"]


def test_on_a_new_database_the_seeds_upsert_stamps_what_it_changes(maria: Scratch) -> None:
    maria.migrate()
    maria.run(TITLES, LINKS)
    unchanged = ("tt9900001", 9000001, "https://images.invalid/1.jpg", None, "SUCCESS")
    maria.run(SEED_UPSERT, params=unchanged)
    maria.run(SEED_UPSERT, params=("tt9900002", 9000002, None, None, "SUCCESS"))
    stamped = "SELECT imdb_id FROM MediaLinks WHERE last_updated > '2026-01-01'"
    assert maria.rows(stamped) == [("tt9900002",)]


def test_a_stamp_that_older_servers_made_required_fits(maria: Scratch) -> None:
    """Without explicit_defaults_for_timestamp the seed's SQL makes the column NOT NULL."""
    maria.run("SET SESSION explicit_defaults_for_timestamp = OFF")
    seeded(maria)
    assert "`last_updated` timestamp NOT NULL" in maria.definition("MediaLinks")
    maria.migrate()
    link = MediaLinks.objects.using(maria.alias).create(title_id="tt9900004")
    link.refresh_from_db(using=maria.alias)
    assert link.last_updated is not None


def test_a_claim_does_not_stamp_last_updated(maria: Scratch) -> None:
    seeded(maria)
    maria.migrate()
    row = enrich(maria, "tt9900001")
    row.attempts = 1
    row.save(using=maria.alias)
    link = MediaLinks.objects.using(maria.alias).get(title_id="tt9900001")
    assert link.last_updated == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_beside_a_latin1_parent_all_but_the_key_stay_unicode(maria: Scratch) -> None:
    maria.run(TITLE_BASICS + " CHARACTER SET latin1", TITLES)
    maria.migrate()
    charsets = dict(
        maria.rows(
            "SELECT CONCAT(table_name, '.', column_name), character_set_name "
            "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN "
            "('MediaLinks', 'sync_enrichment', 'sync_titlerating') AND character_set_name <> ''"
        )
    )
    keys = {"MediaLinks.imdb_id", "sync_enrichment.imdb_id", "sync_titlerating.tconst"}
    assert {name for name, charset in charsets.items() if charset == "latin1"} == keys
    assert set(charsets.values()) == {"latin1", "utf8mb4"}


def test_in_a_latin1_database_new_tables_hold_every_language(latin1_maria: Scratch) -> None:
    latin1_maria.migrate()
    Title.objects.using(latin1_maria.alias).create(tconst="tt9900009", primary_title="千と千尋 🎬")
    MediaLinks.objects.using(latin1_maria.alias).create(title_id="tt9900009")
    row = enrich(latin1_maria, "tt9900009")
    row.last_error = "千"
    row.save(using=latin1_maria.alias)
    title = Title.objects.using(latin1_maria.alias).get()
    assert title.primary_title == "千と千尋 🎬"
    assert title.media_links.enrichment.last_error == "千"


def test_columns_that_are_missing_and_optional_are_added(maria: Scratch) -> None:
    maria.run("CREATE TABLE TitleBasics (tconst VARCHAR(10) PRIMARY KEY, titleType VARCHAR(20))"
              " CHARACTER SET latin1",
              "CREATE TABLE MediaLinks (imdb_id VARCHAR(10) CHARACTER SET latin1 PRIMARY KEY)",
              "INSERT INTO TitleBasics VALUES ('tt9900001', 'movie')",
              "INSERT INTO MediaLinks VALUES ('tt9900001')")  # fmt: skip
    maria.migrate()
    title = Title.objects.using(maria.alias).get()
    assert (title.title_type, title.end_year) == ("movie", None)
    title.original_title = "千と千尋 🎬"
    title.save(using=maria.alias)
    maria.run("UPDATE MediaLinks SET tmdb_id = 9000001")
    link = MediaLinks.objects.using(maria.alias).get()
    assert link.processed_status == "PENDING"
    assert link.last_updated is not None
    fresh = "CREATE TABLE fresh LIKE MediaLinks"
    maria.run(fresh)
    assert "ON UPDATE current_timestamp()" in maria.definition("fresh")


def test_an_adoption_that_died_half_way_goes_on_where_it_stopped(maria: Scratch) -> None:
    maria.run("CREATE TABLE TitleBasics (tconst VARCHAR(10) PRIMARY KEY, titleType VARCHAR(20))")
    first, second, *_ = maria.examined()["TitleBasics"].additions()
    maria.run(first, second)  # and then the power failed, before Django recorded anything
    maria.migrate()
    assert len(maria.columns("TitleBasics")) == 9
    assert maria.examined()["TitleBasics"].state == "fits"


@pytest.mark.parametrize("table", ["TitleBasics", "MediaLinks", "sync_titlerating",
                                   "sync_enrichment"])  # fmt: skip
def test_a_table_created_but_not_recorded_does_not_stop_the_rerun(
    maria: Scratch, table: str
) -> None:
    maria.migrate()
    recorded = {"TitleBasics": 1, "MediaLinks": 2, "sync_titlerating": 3, "sync_enrichment": 4}
    maria.run(f"DELETE FROM django_migrations WHERE app = 'sync' AND "
              f"CAST(LEFT(name, 4) AS INT) >= {recorded[table]}",
              "DROP TABLE IF EXISTS sync_coverage",
              "ALTER TABLE sync_enrichment DROP INDEX enrichment_claim, "
              "DROP INDEX enrichment_letters, DROP COLUMN error_group, "
              "DROP COLUMN given_up_at")  # fmt: skip
    maria.migrate()
    assert "enrichment_claim" in maria.definition("sync_enrichment")


def test_extra_columns_and_indexes_of_the_user_are_kept(maria: Scratch) -> None:
    seeded(maria)
    maria.run("ALTER TABLE TitleBasics ADD COLUMN note TEXT, DROP COLUMN endYear",
              "ALTER TABLE TitleBasics ADD COLUMN rank_no INT NOT NULL DEFAULT 7",
              "ALTER TABLE MediaLinks ADD COLUMN seen_at DATETIME",
              "CREATE INDEX by_year ON TitleBasics (startYear)",
              "CREATE INDEX by_status ON MediaLinks (processed_status)",
              "UPDATE TitleBasics SET note = 'mine' WHERE tconst = 'tt9900001'")  # fmt: skip
    maria.migrate()
    titles, links = maria.definition("TitleBasics"), maria.definition("MediaLinks")
    assert all(name in titles for name in ("`note`", "`rank_no`", "`by_year`", "`endYear`"))
    assert all(name in links for name in ("`seen_at`", "`by_status`"))
    Title.objects.using(maria.alias).create(tconst="tt9900010")
    assert maria.rows("SELECT note FROM TitleBasics WHERE note <> ''") == [("mine",)]


def test_a_key_besides_another_primary_key_is_enough(maria: Scratch) -> None:
    maria.run("CREATE TABLE TitleBasics (id INT AUTO_INCREMENT PRIMARY KEY, "
              "tconst VARCHAR(12) NOT NULL UNIQUE, startYear SMALLINT)")  # fmt: skip
    maria.migrate()
    Title.objects.using(maria.alias).create(tconst="tt9900001", start_year=1894)
    MediaLinks.objects.using(maria.alias).create(title_id="tt9900001")
    assert Title.objects.using(maria.alias).get(media_links__isnull=False).start_year == 1894


def test_unapplying_leaves_adopted_tables_and_applying_adopts_them_again(maria: Scratch) -> None:
    seeded(maria)
    before = maria.everything()
    maria.migrate("sync")
    maria.migrate("sync", "zero")
    assert {"TitleBasics", "MediaLinks"} == {n for n in maria.tables() if not n.startswith(
        ("django_", "engine_"))}  # fmt: skip
    maria.migrate("sync")
    after = maria.everything()
    assert {name: after[name] for name in before} == before


def test_fake_initial_compares_all_the_same(maria: Scratch) -> None:
    maria.run("CREATE TABLE TitleBasics (tconst VARCHAR(10) PRIMARY KEY)")
    call_command("migrate", "sync", database=maria.alias, verbosity=0, fake_initial=True)
    assert len(maria.columns("TitleBasics")) == 9


def test_a_new_database_gets_the_table_of_the_shipped_sql(maria: Scratch) -> None:
    maria.migrate()
    made = maria.definition("MediaLinks")
    maria.run("SET FOREIGN_KEY_CHECKS=0", "DROP TABLE MediaLinks", "SET FOREIGN_KEY_CHECKS=1")
    maria.run(SQL_FILE.read_text().rstrip().rstrip(";"))
    assert maria.definition("MediaLinks") == made


def test_the_seeds_own_sql_is_harmless_on_a_new_database(maria: Scratch) -> None:
    maria.migrate()
    before = maria.everything()
    maria.run(MEDIA_LINKS)  # CREATE TABLE IF NOT EXISTS
    assert maria.everything() == before


def test_the_advice_for_ids_and_languages_can_be_followed(maria: Scratch) -> None:
    seeded(maria, " CHARACTER SET latin1")
    maria.migrate()
    advised = [each.comparison.advice for each in maria.examined().values()]
    assert [problem.cause.split(",")[0] for advice in advised for problem in advice] == [
        "tconst is varchar(10)",
        "primaryTitle is latin1 and cannot hold CJK or emoji and is varchar(1000)",
        "originalTitle is latin1 and cannot hold CJK or emoji and is varchar(1000)",
        "imdb_id is varchar(10)",
    ]
    maria.run(*(sql for advice in advised for problem in advice for sql in problem.cure))
    assert [each.comparison.advice for each in maria.examined().values()] == [(), ()]
    Title.objects.using(maria.alias).create(tconst="tt9900000009", primary_title="千と千尋 🎬")
    fill(maria)
    assert joined_by_index(maria) == ["eq_ref", "eq_ref", "eq_ref"]
    assert Title.objects.using(maria.alias).filter(primary_title__startswith="千").exists()


def test_ratings_join_adopted_titles(maria: Scratch) -> None:
    maria.run(TITLE_BASICS + " CHARACTER SET latin1", TITLES)
    maria.migrate()
    ratings = TitleRating.objects.using(maria.alias)
    ratings.create(title_id="tt9900001", average_rating="7.1", num_votes=12)
    assert ratings.get(title__start_year=1994).num_votes == 12


def test_the_operation_refuses_too_where_no_signal_was_sent(maria: Scratch) -> None:
    """A second line: a table may appear between the check and the migration."""
    from django.db.migrations.executor import MigrationExecutor

    maria.run("CREATE TABLE MediaLinks (imdb_id VARCHAR(10) PRIMARY KEY, tmdb_id YEAR)")
    executor = MigrationExecutor(maria.connection)
    with pytest.raises(OperatorError, match=r"tmdb_id is year\(4\)"):
        executor.migrate([("sync", "0005_enrichment_claim")])


INDEXES = {
    "MediaLinks": {"links_of_a_status", "links_by_tmdb_id"},
    "TitleBasics": {"titles_of_a_type", "titles_by_beginning"},
}


def keys_of(database: Scratch, table: str) -> set[str]:
    return {str(row[2]) for row in database.rows(f"SHOW INDEX FROM {table}")}


@charsets
def test_the_lists_get_their_indexes_and_leave_with_them(maria: Scratch, charset: str) -> None:
    seeded(maria, charset)
    before = {table: keys_of(maria, table) for table in INDEXES}
    maria.migrate()
    for table, names in INDEXES.items():
        assert keys_of(maria, table) - before[table] == names
    found = Title.objects.using(maria.alias).filter(primary_title__istartswith="The Old")
    assert [title.pk for title in found] == ["tt9900003"]
    maria.migrate("sync", "0010")
    assert {table: keys_of(maria, table) for table in INDEXES} == before


def test_an_owners_index_that_serves_is_not_made_again(maria: Scratch) -> None:
    seeded(maria)
    maria.run("CREATE INDEX mine ON MediaLinks (processed_status, imdb_id, tmdb_id)",
              "CREATE INDEX other ON MediaLinks (tmdb_id, imdb_id)",
              "CREATE INDEX names ON TitleBasics (primaryTitle(20))",
              "CREATE FULLTEXT INDEX words ON TitleBasics (titleType)")  # fmt: skip
    maria.migrate()
    assert not keys_of(maria, "MediaLinks") & INDEXES["MediaLinks"]
    assert keys_of(maria, "TitleBasics") >= {"names", "words", "titles_of_a_type"}
    assert "titles_by_beginning" not in keys_of(maria, "TitleBasics")
    maria.migrate("sync", "0010")
    assert keys_of(maria, "MediaLinks") >= {"mine", "other"}


@pytest.mark.parametrize(
    "title_type",
    ["TEXT", "VARCHAR(1000)", "VARCHAR(255)"],
    ids=["as pandas loads it", "too long", "too long in an old format"],
)
def test_columns_that_no_index_takes_whole_get_one_on_their_beginning(
    maria: Scratch, title_type: str
) -> None:
    titles = TITLE_BASICS.replace("titleType VARCHAR(20)", f"titleType {title_type}")
    links = MEDIA_LINKS.replace("ENUM('PENDING', 'SUCCESS', 'FAILED')", "TEXT")
    maria.run(f"{titles} ROW_FORMAT=COMPACT", f"{links} ROW_FORMAT=COMPACT", TITLES, LINKS)
    maria.migrate()
    for table, names in INDEXES.items():
        assert keys_of(maria, table) >= names
    films = Title.objects.using(maria.alias).filter(title_type="movie").order_by("pk")
    assert [title.pk for title in films] == ["tt9900001", "tt9900004"]
    maria.migrate("sync", "0010")
    assert not keys_of(maria, "TitleBasics") & INDEXES["TitleBasics"]
