"""Batches reach the table: all rows but the refused, only what differs, each key's last row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from popflix.lib.bulk import (
    Loaded,
    Parent,
    RowBatch,
    Target,
    modest_cache,
    mysql,
    open_loader,
)
from popflix.lib.bulk.mysql import MysqlWriter
from popflix.lib.bulk.rows import Row
from tests.popflix.lib.scratch import SCRATCH, add, content, made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def scratch(transactional_db: None) -> Iterator[None]:
    with made():
        yield


def load(*batches: list[Row], keep: bool = True, target: Target = SCRATCH) -> list[Loaded]:
    """Load batches through one loader; a row's number is its place in its batch, from 1."""
    with open_loader(target, keep=keep) as loader:
        some = [RowBatch(rows, range(1, len(rows) + 1)) for rows in batches]
        return [loader.load(each) for each in loader.prepared(some)]


def test_rows_of_an_empty_table_are_inserted() -> None:
    assert load([("a", "one", 1), ("b", None, 2)], [("c", "three", 3)]) == [
        Loaded(inserted=2),
        Loaded(inserted=1),
    ]
    assert content() == [("a", "one", 1), ("b", None, 2), ("c", "three", 3)]


def test_many_rows_arrive_one_by_one_and_by_the_hundred() -> None:
    rows: list[Row] = [(f"{number:05d}", f"name {number}", number) for number in range(1234)]
    assert load(rows[:1001], rows[1001:]) == [Loaded(inserted=1001), Loaded(inserted=233)]
    assert content() == rows
    assert load(rows) == [Loaded(unchanged=1234)]


def test_only_what_differs_is_written_again() -> None:
    load([("a", "one", 1), ("b", "two", 2), ("c", None, 3)])
    again = load([("a", "one", 1), ("b", "zwei", 2), ("c", "three", 3), ("d", None, 4)])
    assert again == [Loaded(inserted=1, updated=2, unchanged=1)]
    assert content() == [("a", "one", 1), ("b", "zwei", 2), ("c", "three", 3), ("d", None, 4)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Hindi", "HINDI"),
        ("cafe", "café"),
        ("Audi 2", "Audi 2 "),
        ("here", None),
        (None, "here"),
        ("", None),
    ],
)
def test_a_difference_that_a_collation_would_not_see_is_one(
    before: str | None, after: str | None
) -> None:
    load([("a", before, 1)])
    assert load([("a", after, 1)]) == [Loaded(updated=1)]
    assert content() == [("a", after, 1)]


@pytest.mark.parametrize(
    "text",
    ["tab\tnewline\nreturn\r", "back\\slash \\N", "\\N ", "quote ' \" ` %s %%", "🎬 \u2028"],
)
def test_any_text_arrives_as_it_was(text: str) -> None:
    load([("a", text, 1)])
    assert load([("b", text, 1), ("a", text, 1)]) == [Loaded(inserted=1, unchanged=1)]
    assert content() == [("a", text, 1), ("b", text, 1)]


def test_the_last_row_of_a_key_wins_as_if_rows_came_one_by_one() -> None:
    assert load([("a", "one", 1), ("b", "two", 2), ("a", "uno", 1), ("a", "eins", 1)]) == [
        Loaded(inserted=2, updated=2)
    ]
    assert content() == [("a", "eins", 1), ("b", "two", 2)]


def test_a_key_that_comes_again_in_a_later_batch_updates_the_row() -> None:
    counts = load([("a", "one", 1)], [("a", "uno", 1), ("b", None, 2)], [("c", None, 3)])
    assert counts == [Loaded(inserted=1), Loaded(inserted=1, updated=1), Loaded(inserted=1)]
    assert content() == [("a", "uno", 1), ("b", None, 2), ("c", None, 3)]


@pytest.mark.parametrize("first", [[], [("z", None, 26)]])
def test_refused_rows_are_named_and_cost_only_themselves(first: list[Row]) -> None:
    """NULL where there must be a number: seen when the rows are staged."""
    load(first)
    rows: list[Row] = [(f"k{number:02d}", None, number) for number in range(20)]
    rows[3], rows[17] = ("k03", "no number", None), ("k17", "none either", None)
    (loaded,) = load(rows)
    assert [refused.number for refused in loaded.refused] == [4, 18]
    assert all("null" in refused.reason.lower() for refused in loaded.refused)
    assert loaded.inserted == 18
    assert len(content()) == 18 + len(first)


def test_rows_that_the_table_itself_refuses_are_named() -> None:
    """A CHECK of the table, which the staging table does not have."""
    load([("a", None, 1)])
    (loaded,) = load([("b", None, 2), ("c", None, -1), ("d", None, 4), ("e", None, -2)])
    assert [refused.number for refused in loaded.refused] == [2, 4]
    assert [row[0] for row in content()] == ["a", "b", "d"]


def test_a_batch_of_nothing_but_refused_rows_changes_nothing() -> None:
    (loaded,) = load([("a", None, None), ("b", None, None)])
    assert [refused.number for refused in loaded.refused] == [1, 2]
    assert (loaded.inserted, content()) == (0, [])


def test_a_number_beyond_every_integer_is_refused() -> None:
    (loaded,) = load([("a", None, 10**30), ("b", None, 2)])
    assert [refused.number for refused in loaded.refused] == [1]
    assert content() == [("b", None, 2)]


def test_the_short_way_is_taken_again_after_refused_rows() -> None:
    counts = load([("a", None, None)], [("b", None, 2)], [("c", None, 3)])
    assert [count.inserted for count in counts] == [0, 1, 1]


def test_rows_without_a_parent_are_left_out() -> None:
    add("scratch_parent", [("a",), ("b",)])
    target = Target(SCRATCH.table, SCRATCH.columns, SCRATCH.key, Parent("scratch_parent", "id"))
    assert load([("a", None, 1), ("b", None, 2), ("c", None, 3)], target=target) == [
        Loaded(inserted=2, orphans=1)
    ]
    assert load([("a", "one", 1), ("b", None, 2), ("d", None, 4)], target=target) == [
        Loaded(updated=1, unchanged=1, orphans=1)
    ]
    assert content() == [("a", "one", 1), ("b", None, 2)]
    add(SCRATCH.table, [("z", "whose parent went", 1)])
    assert load([("a", "one", 1), ("z", "another", 1)], target=target) == [
        Loaded(unchanged=1, orphans=1)
    ]


def test_what_is_not_kept_is_counted_and_gone() -> None:
    load([("a", "one", 1)])
    assert load([("a", "uno", 1), ("b", None, 2)], keep=False) == [Loaded(inserted=1, updated=1)]
    assert content() == [("a", "one", 1)]


def test_an_empty_table_stays_empty_when_nothing_is_kept() -> None:
    assert load([("a", "one", 1)], [("b", None, 2)], keep=False) == [Loaded(inserted=1)] * 2
    assert content() == []


def test_inside_a_transaction_of_the_caller_everything_belongs_to_it() -> None:
    with transaction.atomic():
        add(SCRATCH.table, [("a", "one", 1)])
        rows: list[Row] = [("a", "uno", 1), ("b", None, 2), ("c", None, None)]
        (loaded,) = load(rows)
        assert (loaded.inserted, loaded.updated, len(loaded.refused)) == (1, 1, 1)
        assert load([("d", None, 4)], keep=False) == [Loaded(inserted=1)]
        assert content() == [("a", "uno", 1), ("b", None, 2)]
        transaction.set_rollback(True)
    assert content() == []


def test_nothing_of_a_loader_stays_behind_after_an_error() -> None:
    with pytest.raises(RuntimeError, match="ours"), open_loader(SCRATCH):
        raise RuntimeError("ours")
    assert load([("a", None, 1)]) == [Loaded(inserted=1)]


@pytest.fixture
def no_local_infile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server refuses who did not announce it, as it refuses everybody where it is off.

    (Its own switch is for all its users, and other tests are at work on it.)
    """
    if connection.vendor != "mysql":
        pytest.skip("only MySQL and MariaDB know LOAD DATA LOCAL")
    announcing = mysql._with_local_infile

    def silent(default: Any) -> Any:
        own = announcing(default)
        own.settings_dict["OPTIONS"]["local_infile"] = False
        return own

    monkeypatch.setattr(mysql, "_with_local_infile", silent)


@pytest.mark.usefixtures("no_local_infile")
def test_a_server_that_refuses_local_infile_is_served_another_way() -> None:
    rows: list[Row] = [(f"k{number}", "tab\t", number) for number in range(10)]
    with open_loader(SCRATCH) as loader:
        assert loader.way == "LOAD DATA LOCAL"
        batches = [RowBatch(some, range(5)) for some in (rows[:5], rows[5:])]
        counts = [loader.load(each) for each in loader.prepared(batches)]
        assert loader.way == "INSERT of many rows"
    assert counts == [Loaded(inserted=5)] * 2
    assert content() == rows
    (again,) = load([*rows, ("bad", None, None)])
    assert (again.unchanged, [refused.number for refused in again.refused]) == (10, [11])


def test_a_client_that_refuses_local_infile_is_served_another_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "mysql":
        pytest.skip("only MySQL and MariaDB know LOAD DATA LOCAL")
    monkeypatch.setattr("popflix.lib.bulk.mysql._with_local_infile", lambda site: site.copy())
    assert load([("a", "one", 1)], [("b", None, 2)]) == [Loaded(inserted=1)] * 2
    assert content() == [("a", "one", 1), ("b", None, 2)]


def test_a_server_without_mariadbs_engine_stages_in_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "mysql":
        pytest.skip("only MySQL and MariaDB have engines")
    statements: list[str] = []
    run = MysqlWriter.run

    def noted(self: MysqlWriter, sql: str) -> int:
        statements.append(sql)
        return run(self, sql)

    monkeypatch.setattr(MysqlWriter, "run", noted)
    monkeypatch.setattr(MysqlWriter, "_is_mariadb", lambda self: False)
    counts = load([("a", None, 1)], [("a", "one", 1), ("b", "two", None)], [("b", None, 2)])
    assert [count.inserted for count in counts] == [1, 0, 1]
    assert not any("Aria" in sql for sql in statements)


def test_a_row_that_another_process_inserts_meanwhile_is_updated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is missing when it is looked for and there when it is inserted."""
    if connection.vendor != "mysql":
        pytest.skip("on SQLite nobody else writes in the middle of a transaction")
    load([("a", None, 1)])
    run, meanwhile = MysqlWriter.run, [("c", "theirs", 3)]

    def interrupted(self: MysqlWriter, sql: str) -> int:
        if sql.startswith("INSERT") and meanwhile:
            add(SCRATCH.table, [meanwhile.pop()])
        return run(self, sql)

    monkeypatch.setattr(MysqlWriter, "run", interrupted)
    assert load([("b", None, 2), ("c", "ours", 3), ("d", None, 4)]) == [
        Loaded(inserted=2, updated=1)
    ]
    assert content()[2] == ("c", "ours", 3)


def test_what_no_row_is_to_blame_for_is_raised() -> None:
    missing = Target(SCRATCH.table, ("id", "no_such_column", "number"), "id")
    with pytest.raises(OperationalError, match=r"(?i)column"):
        load([("a", None, 1)], target=missing)


def cache_size() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        return cursor.fetchone()[0]


def test_the_page_cache_is_small_meanwhile_and_as_before_afterwards() -> None:
    with modest_cache(connection):
        if connection.vendor != "sqlite":
            return
        assert cache_size() == -8192
    assert cache_size() == -65536
