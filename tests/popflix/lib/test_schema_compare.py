"""The comparison of one table with what popflix would have made; no database needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from popflix.lib.schema.compare import Comparison, compare
from popflix.lib.schema.descriptions import Column, Table, Wanted, WantedTable
from popflix.lib.schema.dialect import Definition, ForeignKey, add_column
from popflix.lib.schema.types import parse_type

UTF8 = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def wanted(name: str, written: str, *, vendor: str = "mysql", null: bool = True,
           default: str = "", **more: object) -> Wanted:  # fmt: skip
    column = Wanted(name, parse_type(vendor, written), Definition(written, null, default))
    return replace(column, **more)  # type: ignore[arg-type]


def column(name: str, written: str, *, vendor: str = "mysql", null: bool = True,
           default: str = "", charset: str = "", collation: str = "") -> Column:  # fmt: skip
    clause = f"CHARACTER SET {charset} COLLATE {collation}" if charset else ""
    definition = Definition(written, null, default, clause)
    kind = parse_type(vendor, written)
    return Column(name, kind, definition, charset, collation, fills_itself=bool(default))


ID = wanted("id", "varchar(16)", null=False, is_key=True, today=10, of="the ids")
HAS_ID = column("id", "varchar(16)", null=False)


def table(*columns: Column, **more: object) -> Table:
    made = Table("Things", (HAS_ID, *columns), frozenset({frozenset({"id"})}), True)
    return replace(made, **more)  # type: ignore[arg-type]


def compared(*columns: Wanted, to: Table, vendor: str = "mysql", **more: object) -> Comparison:
    made = WantedTable(vendor, "Things", (ID, *columns), **more)  # type: ignore[arg-type]
    return compare(made, to)


def causes(comparison: Comparison) -> list[str]:
    return [problem.cause for problem in comparison.misfits]


def cures(comparison: Comparison) -> list[str]:
    return [sql for problem in comparison.misfits for sql in problem.cure]


def test_the_same_table_fits() -> None:
    same = compared(wanted("n", "integer"), to=table(column("n", "int(11)")))
    assert same == Comparison()


def test_column_names_differ_by_case_on_postgresql_only() -> None:
    there = table(column("startyear", "smallint", vendor="postgresql"))
    year = wanted("startYear", "smallint", vendor="postgresql")
    assert compared(year, to=there) == Comparison()
    assert cures(compared(year, to=there, vendor="postgresql")) == [
        'ALTER TABLE "Things" RENAME COLUMN "startyear" TO "startYear"'
    ]


@pytest.mark.parametrize("alike", ["start_year", "STARTYEAR_", "year", "startYearOf"])
def test_a_column_of_a_name_that_looks_alike_is_not_shadowed_by_an_empty_one(alike: str) -> None:
    there = table(column(alike, "smallint(6)"), column("other", "text"))
    found = compared(wanted("startYear", "smallint"), wanted("other", "text"), to=there)
    assert causes(found) == [f"it has {alike} in place of startYear"]
    assert found.missing == ()


def test_exact_letters_win_over_shared_words() -> None:
    there = table(column("year", "smallint(6)"), column("end_year", "smallint(6)"))
    found = compared(wanted("startYear", "smallint"), wanted("endYear", "smallint"), to=there)
    assert set(causes(found)) == {
        "it has end_year in place of endYear",
        "it has year in place of startYear",
    }


def test_a_strange_extra_column_does_not_stop_a_missing_one_from_being_added() -> None:
    end_year = wanted("endYear", "smallint")
    there = table(column("note", "text"), column("a", "integer"))
    assert compared(wanted("a", "integer"), end_year, to=there).missing == (end_year,)


def test_missing_columns_are_added_only_to_a_table_that_fits() -> None:
    there = table(column("n", "year(4)"))
    found = compared(wanted("n", "smallint"), wanted("more", "text"), to=there)
    assert (len(found.misfits), found.missing) == (1, ())


def test_a_missing_column_that_is_required_is_a_misfit_unless_it_has_a_default() -> None:
    bare = wanted("n", "integer", null=False)
    filled = wanted("m", "integer", null=False, default="7")
    found = compared(bare, filled, to=table())
    assert causes(found) == ["it has no column n"]
    assert cures(found) == ["ALTER TABLE `Things` ADD COLUMN `n` integer NOT NULL"]
    assert compared(filled, to=table()).missing == (filled,)


@pytest.mark.parametrize(
    ("vendor", "aside"),
    [
        ("mysql", "RENAME TABLE `Things` TO `Things_before_popflix`"),
        ("sqlite", 'ALTER TABLE "Things" RENAME TO "Things_before_popflix"'),
    ],
)
def test_a_table_without_the_key_only_shares_the_name(vendor: str, aside: str) -> None:
    there = replace(table(), columns=(column("x", "text"),))
    found = compared(to=there, vendor=vendor)
    assert causes(found) == ["it is another kind of table, without id"]
    assert cures(found) == [aside]


def test_a_view_is_set_aside_and_on_sqlite_dropped() -> None:
    view = Table("Things", (), is_view=True)
    assert cures(compared(to=view)) == ["RENAME TABLE `Things` TO `Things_before_popflix`"]
    assert cures(compared(to=view, vendor="sqlite")) == ['DROP VIEW "Things"']


def test_an_optional_column_may_be_required_where_the_database_fills_it() -> None:
    stamp = wanted("at", "TIMESTAMP", default="(CURRENT_TIMESTAMP)")
    required = column("at", "timestamp", null=False, default="current_timestamp()")
    assert compared(stamp, to=table(required)) == Comparison()


def test_a_required_column_may_not_be_optional() -> None:
    state = wanted("state", "varchar(7)", null=False, default="'NEW'")
    found = compared(state, to=table(column("state", "varchar(7)", charset="latin1",
                                            collation="latin1_bin")))  # fmt: skip
    assert causes(found) == ["state must be required"]
    assert cures(found) == [
        "UPDATE `Things` SET `state` = 'NEW' WHERE `state` IS NULL",
        "ALTER TABLE `Things` MODIFY `state` varchar(7) CHARACTER SET latin1 "
        "COLLATE latin1_bin DEFAULT 'NEW' NOT NULL",
    ]


def test_one_column_with_several_faults_is_mended_by_one_statement() -> None:
    there = table(column("year", "year(4)", null=False))
    year = wanted("year", "smallint", today=1894)
    found = compared(year, to=there)
    assert causes(found) == ["year is year(4), which cannot hold 1894, year must be optional"]
    assert cures(found) == ["ALTER TABLE `Things` MODIFY `year` smallint NULL"]


def test_a_type_is_mended_on_postgresql_by_a_cast_and_instants_by_utc() -> None:
    there = table(column("n", "text", vendor="postgresql", null=False),
                  column("at", "timestamp without time zone", vendor="postgresql"))  # fmt: skip
    found = compared(wanted("n", "smallint", vendor="postgresql"),
                     wanted("at", "timestamp with time zone", vendor="postgresql"),
                     to=there, vendor="postgresql")  # fmt: skip
    assert cures(found) == [
        'ALTER TABLE "Things" ALTER COLUMN "n" TYPE smallint USING "n"::smallint',
        'ALTER TABLE "Things" ALTER COLUMN "n" DROP NOT NULL',
        'ALTER TABLE "Things" ALTER COLUMN "at" TYPE timestamp with time zone '
        "USING \"at\" AT TIME ZONE 'UTC'",
    ]


def test_a_required_column_on_postgresql_is_filled_first() -> None:
    state = wanted("state", "text", vendor="postgresql", null=False, default="'NEW'")
    there = table(column("state", "text", vendor="postgresql"))
    assert cures(compared(state, to=there, vendor="postgresql")) == [
        'UPDATE "Things" SET "state" = \'NEW\' WHERE "state" IS NULL',
        'ALTER TABLE "Things" ALTER COLUMN "state" SET NOT NULL',
    ]


def test_a_nullable_key_beside_another_primary_key_must_be_required() -> None:
    there = replace(table(), columns=(column("id", "varchar(16)"),))
    assert causes(compared(to=there)) == ["id must be required"]
    assert compared(to=there, vendor="sqlite") == Comparison()


def test_without_a_key_a_primary_key_is_added_or_a_unique_index_beside_another() -> None:
    none = table(uniques=frozenset(), has_primary_key=False)
    assert cures(compared(to=none)) == ["ALTER TABLE `Things` ADD PRIMARY KEY (`id`)"]
    index = 'CREATE UNIQUE INDEX "Things_id_unique" ON "Things" ("id")'
    assert cures(compared(to=none, vendor="sqlite")) == [index]
    other = table(uniques=frozenset({frozenset({"no"})}))
    assert cures(compared(to=other)) == [index.replace('"', "`")]


def test_columns_that_must_be_unique_together_are_recognised_under_their_old_names() -> None:
    there = table(column("movie_id", "varchar(9)"), column("at", "datetime"))
    show = (wanted("movieID", "varchar(9)"), wanted("at", "datetime(6)"))
    unique = compared(*show, to=there, uniques=(("movieID", "at"),))
    assert causes(unique)[1:] == ["movieID, at together are not unique"]
    has_it = replace(there, uniques=there.uniques | {frozenset({"movie_id", "at"})})
    found = compared(*show, to=has_it, uniques=(("movieID", "at"),))
    assert causes(found) == ["it has movie_id in place of movieID"]


def test_an_extra_column_popflix_cannot_fill_is_a_misfit() -> None:
    extras = (column("a", "int(11)"), column("b", "int(11)", null=False, default="0"))
    n = wanted("n", "integer")
    assert compared(n, to=table(column("n", "int(11)"), *extras)) == Comparison()
    found = compared(n, to=table(column("n", "int(11)"), column("c", "int(11)", null=False)))
    assert causes(found) == ["its column c asks for a value popflix does not know"]
    assert cures(found) == ["ALTER TABLE `Things` MODIFY `c` int(11) NULL"]


def test_sqlite_mends_a_column_by_a_new_one() -> None:
    there = table(column("n", "text", vendor="sqlite"))
    found = compared(wanted("n", "smallint", vendor="sqlite"), to=there, vendor="sqlite")
    assert causes(found) == ["n is text where smallint is needed"]
    assert cures(found) == [
        'ALTER TABLE "Things" ADD COLUMN "n_new" smallint NULL',
        'UPDATE "Things" SET "n_new" = "n"',
        'ALTER TABLE "Things" DROP COLUMN "n"',
        'ALTER TABLE "Things" RENAME COLUMN "n_new" TO "n"',
    ]


def test_a_foreign_key_is_taken_off_while_its_column_changes() -> None:
    touching = ForeignKey("fk", "Notes", ("thing",), "Things", ("id",), on_delete="CASCADE")
    other = ForeignKey("other", "Notes", ("n",), "Numbers", ("n",))
    narrow = column("id", "varchar(9)", null=False, charset="utf8mb4", collation="utf8mb4_bin")
    there = replace(table(foreign_keys=(touching, other)), columns=(narrow,))
    assert cures(compared(to=there)) == [
        "ALTER TABLE `Notes` DROP FOREIGN KEY `fk`",
        f"ALTER TABLE `Things` MODIFY `id` varchar(16) {UTF8} NOT NULL",
        "ALTER TABLE `Notes` ADD CONSTRAINT `fk` FOREIGN KEY (`thing`) REFERENCES `Things` "
        "(`id`) ON DELETE CASCADE ON UPDATE RESTRICT",
    ]


def test_a_reference_must_have_the_collation_of_what_it_refers_to() -> None:
    link = wanted("thing", "varchar(16)", like=("Parents", "id"))
    there = table(column("thing", "varchar(16)", charset="utf8mb4", collation="utf8mb4_bin"))
    wants = WantedTable("mysql", "Things", (ID, link))
    key = column("ID", "varchar(10)", charset="latin1", collation="latin1_bin")
    found = compare(wants, there, {"Parents": (key,)})
    assert causes(found) == ["thing and what it refers to differ in collation"]
    assert cures(found) == [
        "ALTER TABLE `Things` MODIFY `thing` varchar(16) "
        "CHARACTER SET latin1 COLLATE latin1_bin NULL"
    ]
    assert compare(wants, there, {}) == Comparison()
    assert compare(wants, there, {"Parents": ()}) == Comparison()


def test_advice_names_what_is_outgrown_and_keeps_the_character_set() -> None:
    narrow = column("id", "varchar(10)", null=False, charset="latin1", collation="latin1_bin")
    found = compared(to=replace(table(), columns=(narrow,)))
    assert found.misfits == ()
    [advice] = found.advice
    assert advice.cause == "id is varchar(10), enough until the ids outgrow 10 characters"
    assert advice.cure == (
        "ALTER TABLE `Things` MODIFY `id` varchar(16) "
        "CHARACTER SET latin1 COLLATE latin1_bin NOT NULL",
    )


def test_advice_for_languages_and_width_is_one_statement() -> None:
    title = wanted("title", "longtext", today=200, of="titles", any_language=True)
    there = column("title", "varchar(250)", charset="utf8mb3", collation="utf8mb3_bin")
    [advice] = compared(title, to=table(there)).advice
    assert advice.cause == (
        "title is utf8mb3 and cannot hold CJK or emoji"
        " and is varchar(250), enough until titles outgrow 250 characters"
    )
    assert advice.cure == (
        "ALTER TABLE `Things` MODIFY `title` longtext CHARACTER SET utf8mb4 NULL",
    )


def test_a_table_of_another_case_and_engine_gets_both_cures_under_its_right_name() -> None:
    found = compared(to=table(name="things", engine="MyISAM"))
    assert causes(found) == ["it is written things", "its engine MyISAM knows no transactions"]
    assert cures(found) == [
        "RENAME TABLE `things` TO `Things`",
        "ALTER TABLE `Things` ENGINE=InnoDB",
    ]


def test_an_unbounded_text_cannot_be_the_key_on_mysql() -> None:
    there = replace(table(), columns=(column("id", "text", null=False),))
    assert causes(compared(to=there)) == [
        "id is text, which cannot hold the 10 characters of the ids"
    ]
    assert compared(to=there, vendor="sqlite") == Comparison()


def test_a_column_is_added_on_sqlite_without_a_computed_default() -> None:
    stamp = Definition("datetime", True, "(STRFTIME('%s', 'NOW'))")
    assert add_column("sqlite", "Things", "at", stamp) == (
        'ALTER TABLE "Things" ADD COLUMN "at" datetime NULL'
    )
    assert "DEFAULT (STRFTIME" in add_column("postgresql", "Things", "at", stamp)


def test_text_added_to_a_table_of_an_old_character_set_is_unicode() -> None:
    assert wanted("t", "longtext").unicode_definition().sql() == (
        "longtext CHARACTER SET utf8mb4 NULL"
    )
    assert wanted("n", "integer").unicode_definition().sql() == "integer NULL"
