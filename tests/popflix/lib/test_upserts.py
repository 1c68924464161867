"""Many rows in one statement, and long lists of keys: every value comes back as it went in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.lib.models import QuarantinedRow
from popflix.lib.mysql_values import MOST_BYTES
from popflix.lib.upserts import insert_missing, upsert
from sync.movies.models import Movie, StoredPayload

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
COLUMNS = ("id", "source", "line", "reason", "raw", "at", "reader")
ODD = ["it's", 'say "hi"', "back\\slash", "100 %s %(a)s %", "ü ☃ 😀", "tab\tline\nend", "", "NULL"]
EVERY_BYTE = bytes(range(256))


def row(number: int, raw: str, reason: str = "") -> tuple[Any, ...]:
    return number, "feed", number, reason, raw, connection.ops.adapt_datetimefield_value(AT), ""


def kept() -> list[str]:
    return list(QuarantinedRow.objects.order_by("id").values_list("raw", flat=True))


def test_texts_come_back_as_they_are() -> None:
    rows = [row(number, text) for number, text in enumerate(ODD, 1)]
    upsert(QuarantinedRow, COLUMNS, rows, key=("id",), updated=("raw",))
    assert kept() == ODD


def test_bytes_and_mixed_columns_come_back_as_they_are() -> None:
    columns = ("sha256", "body", "size", "kind", "first_seen_at")
    at = connection.ops.adapt_datetimefield_value(AT)
    insert_missing(StoredPayload, columns, [("a", EVERY_BYTE, 256, "movie", at)], key=("sha256",))
    assert bytes(StoredPayload.objects.get().body) == EVERY_BYTE
    names = ("media_type", "tmdb_id", "title", "original_title", "year", "popularity", "adult")
    rest = ("imdb_id", "original_language", "release_date_known", "status", "poster_path",
            "main_poster", "backdrop_path", "main_backdrop", "genres", "genre_ids", "cast_ids",
            "crew_ids", "origins", "upstream_state", "excluded_by", "excluded_why", "created_at",
            "updated_at")  # fmt: skip
    same = (
        "",
        "",
        False,
        "",
        "",
        "",
        "",
        "",
        "[]",
        "[]",
        "[]",
        "[]",
        "{}",
        "live",
        "",
        "",
        at,
        at,
    )
    rows = [
        ("movie", 1, "A", "A", None, 1.5, True, *same),
        ("movie", 2, "B", "B", 1999, None, None, *same),
    ]
    upsert(Movie, (*names, *rest), rows, key=("media_type", "tmdb_id"), updated=("title",))
    told = Movie.objects.order_by("tmdb_id").values_list("year", "popularity", "adult")
    assert list(told) == [(None, 1.5, True), (1999, None, None)]


def test_rows_that_are_there_are_changed_or_left_as_they_are() -> None:
    upsert(QuarantinedRow, COLUMNS, [row(1, "old", "why")], key=("id",), updated=("raw",))
    both = [row(1, "new", "other"), row(2, "two")]
    insert_missing(QuarantinedRow, COLUMNS, both, key=("id",))
    assert kept() == ["old", "two"]
    upsert(QuarantinedRow, COLUMNS, both, key=("id",), updated=("raw",))
    assert kept() == ["new", "two"]
    assert QuarantinedRow.objects.get(id=1).reason == "why"


@pytest.mark.skipif(connection.vendor != "mysql", reason="MariaDB alone limits a statement")
def test_a_long_statement_is_cut() -> None:
    rows = [row(number, "x" * (MOST_BYTES // 3)) for number in range(1, 8)]
    with CaptureQueriesContext(connection) as caught:
        upsert(QuarantinedRow, COLUMNS, rows, key=("id",), updated=("raw",))
    assert len(caught) == 4
    assert len(kept()) == 7


def test_one_of_many_keys_finds_what_in_finds() -> None:
    rows = [row(number, ODD[0]) for number in range(1, 30)]
    upsert(QuarantinedRow, COLUMNS, rows, key=("id",), updated=("raw",))
    found = QuarantinedRow.objects.filter(id__one_of=range(3, 9), source__one_of={"feed", "o'r"})
    assert found.count() == 6
    assert not QuarantinedRow.objects.filter(id__one_of=[]).exists()
    assert QuarantinedRow.objects.exclude(id__one_of=(1, 2)).count() == 27
    with pytest.raises(ValueError, match="invalid literal"):
        QuarantinedRow.objects.filter(id__one_of=["1) OR (1=1"]).exists()
