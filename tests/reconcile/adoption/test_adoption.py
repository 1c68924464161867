"""The tables that the seed's Prisma made are taken over as they are, rows and all."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command

from popflix.lib.errors import OperatorError
from reconcile.shows.models import MasterShow, SyncShow
from tests.sync.links.adoption.scratch import Scratch

# As `prisma migrate` writes the seed's models, word for word.
PRISMA = """
    CREATE TABLE `{table}` (
        `id` INTEGER NOT NULL AUTO_INCREMENT,
        `movieID` VARCHAR(191) NOT NULL,
        `cinemaId` INTEGER NOT NULL,
        `screenName` VARCHAR(191) NOT NULL,
        `showTime` DATETIME(3) NOT NULL,
        `title` VARCHAR(191) NOT NULL,
        `rating` VARCHAR(191) NULL,
        `length` INTEGER NULL,
        `format` VARCHAR(191) NULL,
        `genere` VARCHAR(191) NULL,
        `isActive` VARCHAR(191) NULL,
        `imageUrl` VARCHAR(191) NULL,
        `createdAt` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        `updatedAt` DATETIME(3) NOT NULL,
        UNIQUE INDEX `{table}_movieID_cinemaId_screenName_showTime_key`
            (`movieID`, `cinemaId`, `screenName`, `showTime`),
        PRIMARY KEY (`id`)
    ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"""
PRISMA_ON_POSTGRES = """
    CREATE TABLE "{table}" (
        "id" SERIAL NOT NULL, "movieID" TEXT NOT NULL, "cinemaId" INTEGER NOT NULL,
        "screenName" TEXT NOT NULL, "showTime" TIMESTAMP(3) NOT NULL, "title" TEXT NOT NULL,
        "rating" TEXT, "length" INTEGER, "format" TEXT, "genere" TEXT, "isActive" TEXT,
        "imageUrl" TEXT, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
        "updatedAt" TIMESTAMP(3) NOT NULL, CONSTRAINT "{table}_pkey" PRIMARY KEY ("id"));
    CREATE UNIQUE INDEX "{table}_movieID_cinemaId_screenName_showTime_key"
        ON "{table}"("movieID", "cinemaId", "screenName", "showTime")"""
TABLES = ("SyncShow", "MasterShow")
SHOW = """
    INSERT INTO {table} (movieID, cinemaId, screenName, showTime, title, updatedAt) VALUES
    ('MOV456', 3, 'Screen 2', '2026-02-15 19:00:00.000', 'Avatar 2', '2026-02-01 10:00:00.000')"""


def seeded(database: Scratch) -> None:
    for table in TABLES:
        database.run(PRISMA.format(table=table), SHOW.format(table=table))


def migrate(database: Scratch) -> None:
    call_command("migrate", "reconcile", database=database.alias, verbosity=0, interactive=False)


@pytest.mark.mariadb
def test_the_seeds_tables_are_read_and_keep_their_key(maria: Scratch) -> None:
    seeded(maria)
    migrate(maria)
    for model in (SyncShow, MasterShow):
        show = model._default_manager.using(maria.alias).get()
        assert (show.movie_id, show.title) == ("MOV456", "Avatar 2")
        assert show.show_time == dt.datetime(2026, 2, 15, 19, tzinfo=dt.UTC)
    assert MasterShow.objects.using(maria.alias).get().missing_since is None
    names = {row[2] for row in maria.rows("SHOW INDEX FROM SyncShow WHERE Non_unique = 0")}
    assert names == {"PRIMARY", "SyncShow_movieID_cinemaId_screenName_showTime_key"}
    assert maria.rows("SHOW INDEX FROM SyncShow WHERE Key_name = 'sync_show_of_cinema'")


@pytest.mark.mariadb
def test_the_seeds_program_goes_on_writing(maria: Scratch) -> None:
    seeded(maria)
    migrate(maria)
    maria.run(SHOW.format(table="MasterShow").replace("19:00", "21:00"))
    assert MasterShow.objects.using(maria.alias).count() == 2


@pytest.mark.mariadb
def test_migrating_again_finds_all_as_it_was_left(maria: Scratch) -> None:
    seeded(maria)
    migrate(maria)
    call_command(
        "migrate", "reconcile", "zero", database=maria.alias, verbosity=0, interactive=False
    )
    migrate(maria)
    assert SyncShow.objects.using(maria.alias).count() == 1


@pytest.mark.mariadb
def test_without_tables_texts_are_told_apart_letter_by_letter(latin1_maria: Scratch) -> None:
    migrate(latin1_maria)
    collations = latin1_maria.rows(
        "SELECT DISTINCT collation_name FROM information_schema.columns WHERE "
        "table_schema = DATABASE() AND table_name IN ('SyncShow', 'MasterShow', "
        "'reconcile_loadrow') AND collation_name IS NOT NULL"
    )
    assert collations == [("utf8mb4_bin",)]
    assert len(latin1_maria.rows("SHOW INDEX FROM SyncShow")) == 5  # the id, the four of the key


@pytest.mark.mariadb
def test_a_table_without_its_key_is_refused_with_the_cure(maria: Scratch) -> None:
    seeded(maria)
    maria.run("DROP INDEX SyncShow_movieID_cinemaId_screenName_showTime_key ON SyncShow")
    with pytest.raises(OperatorError, match="together are not unique") as refused:
        migrate(maria)
    assert "CREATE UNIQUE INDEX" in refused.value.cure


@pytest.mark.postgres
def test_times_without_a_zone_are_refused_with_the_cure(postgresql: Scratch) -> None:
    for table in TABLES:
        postgresql.run(*PRISMA_ON_POSTGRES.format(table=table).split(";"))
    with pytest.raises(OperatorError, match="showTime is timestamp") as refused:
        migrate(postgresql)
    for statement in refused.value.cure.split("`")[1].split(";"):
        if statement.strip():
            postgresql.run(statement)
    migrate(postgresql)
    assert SyncShow.objects.using(postgresql.alias).count() == 0
