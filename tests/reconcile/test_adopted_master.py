"""Master as MySQL users may have it: a table of another collation, or of latin1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection

from tests.reconcile.changes.rows import at, show
from tests.reconcile.programme import figures, in_master, load, master, reconcile

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.skipif(connection.vendor != "mysql", reason="collations are MariaDB's"),
]
REST = [show(f"{13 + n}:00", movie_id=f"G{n}") for n in range(8)]
OLD = show("12:00", "AUDI 2", format="HINDI", title="Café")


@pytest.fixture(params=["utf8mb4_unicode_ci", "utf8mb4_general_ci", "latin1_swedish_ci"])
def adopted(request: pytest.FixtureRequest) -> Iterator[None]:
    """`MasterShow` of this collation for the length of a test."""
    columns = ("movieID", "screenName", "title", "rating", "format", "genere", "isActive",
               "imageUrl")  # fmt: skip
    _convert(request.param, columns)
    yield
    _convert("utf8mb4_bin", columns)


def _convert(collation: str, columns: tuple[str, ...]) -> None:
    needed = ("movieID", "screenName", "title")
    parts = [
        f"MODIFY {name} VARCHAR(191) CHARACTER SET {collation.partition('_')[0]} "
        f"COLLATE {collation} {'NOT NULL' if name in needed else 'NULL'}"
        for name in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE MasterShow {', '.join(parts)}")


def test_what_differs_by_letters_alone_is_updated_once(adopted: None) -> None:
    in_master([OLD, *REST])
    new = replace(OLD, format="Hindi", title="Cafe")
    load([new, *REST])
    assert figures(reconcile()) == {"updated": 1, "unchanged": 8}
    assert figures(reconcile()) == {"unchanged": 9}
    assert (master()[0].format, master()[0].title) == ("Hindi", "Cafe")


@pytest.mark.parametrize("now", [at("09:00"), at("23:00")], ids=["to come", "begun"])
def test_a_screen_that_is_written_otherwise_is_the_same_show(adopted: None, now: object) -> None:
    [old, *_] = in_master([OLD, *REST])
    load([replace(OLD, screen_name="Audi 2"), *REST])
    told = reconcile(now=now.isoformat())  # type: ignore[attr-defined]
    assert figures(told) == {"updated": 1, "unchanged": 8}
    assert (master()[0].id, master()[0].screen_name) == (old.id, "Audi 2")
    assert figures(reconcile()) == {"unchanged": 9}


def test_accents_that_are_the_same_need_no_write(adopted: None) -> None:
    in_master([OLD, *REST])
    load([OLD, *REST])
    assert figures(reconcile()) == {"unchanged": 9}


def test_of_two_staged_shows_that_are_one_to_master_one_is_taken(adopted: None) -> None:
    load([OLD, replace(OLD, screen_name="audi 2"), *REST])
    told = reconcile()
    assert figures(told) == {"inserted": 9, "stale": 1}
    assert len(master()) == 9
