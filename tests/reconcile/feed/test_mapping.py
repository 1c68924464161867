"""One row of a feed into staging's columns."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reconcile.feed.mapping import COLUMNS, Bad, FeedRow, Mapper
from reconcile.feed.values import clean
from reconcile.feed.words import is_active
from reconcile.feed.zones import Times
from tests.reconcile.feed.made import row

CAPACITY = dict.fromkeys(COLUMNS, 191)


def mapper(zone: str = "", **capacity: int) -> Mapper:
    return Mapper(Times.UTC, lambda cinema: zone, {**CAPACITY, **capacity})


def mapped(told: dict[str, Any], using: Mapper | None = None) -> dict[str, Any]:
    decoded = msgspec.json.decode(msgspec.json.encode(told), type=FeedRow)
    return dict(zip(COLUMNS, (using or mapper()).map(decoded), strict=True))


def without(told: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in keys}


def test_the_keys_of_the_real_feed_are_read() -> None:
    found = mapped(row())
    del found["key_hash"]
    assert found == {
        "day": "2026-01-28", "movieID": "HO00000001", "cinemaId": 1, "screenName": "AUDI 1",
        "showTime": "2026-01-28 10:00:00", "title": "THE LONG ROAD (HINDI)", "rating": "U/A 13+",
        "length": 120, "format": "2D", "genere": "Drama", "isActive": "Y",
        "imageUrl": "https://images_new.example/uploads/1-THE LONG ROAD (HINDI).jpg.jpg",
    }  # fmt: skip


def test_the_keys_of_the_worked_example_are_read() -> None:
    example = {
        "movieID": "MOV456", "cinema_id": 3, "screen_name": "Screen 2",
        "showTime": "2026-02-15T19:00:00Z", "title": "Avatar 2", "rating": "PG-13",
    }  # fmt: skip
    found = mapped(example)
    assert [found[name] for name in ("movieID", "showTime", "title", "rating", "isActive")] == [
        "MOV456", "2026-02-15 19:00:00", "Avatar 2", "PG-13", None
    ]  # fmt: skip


def test_movie_id_is_another_number_than_movie_ID() -> None:
    with pytest.raises(Bad, match="movie_ID is missing"):
        mapped(without(row(), "movie_ID"))


def test_key_texts_are_cleaned_and_others_left_as_they_are() -> None:
    told = row(screen_name="\u00a0AUDI\u00a02 ", movie_ID=" HO1 ", movie_title=" Cafe\u0301 ")
    found = mapped(told)
    assert (found["screenName"], found["movieID"]) == ("AUDI 2", "HO1")
    assert found["title"] == " Cafe\u0301 "


def test_composed_and_decomposed_letters_are_one_key() -> None:
    assert clean("Cine\u0301polis") == clean("Cin\u00e9polis")


def test_case_and_spelling_keep_keys_apart() -> None:
    hashes = {mapped(row(screen_name=name))["key_hash"] for name in ("AUDI 2", "Audi 2", "AUDI2")}
    assert len(hashes) == 3


def test_nothing_and_an_empty_text_are_two_values() -> None:
    assert mapped(row(movie_rating=None))["rating"] is None
    assert mapped(row(movie_rating=""))["rating"] == ""


@pytest.mark.parametrize(
    ("facts", "column", "value"),
    [
        ({"cinema_id": "0012"}, "cinemaId", 12),
        ({"cinema_id": 12.0}, "cinemaId", 12),
        ({"movie_ID": 123}, "movieID", "123"),
        ({"movie_length": "95"}, "length", 95),
        ({"movie_length": ""}, "length", None),
        ({"is_active": True}, "isActive", "true"),
        ({"is_active": 0}, "isActive", "0"),
        ({"movie_showTime": " 2026-01-28T10:00:00Z "}, "showTime", "2026-01-28 10:00:00"),
    ],
    ids=lambda value: str(value),
)
def test_values_in_other_clothes_are_understood(
    facts: dict[str, Any], column: str, value: object
) -> None:
    assert mapped(row(**facts))[column] == value


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"movie_ID": None}, "movie_ID is empty"),
        ({"screen_name": "  "}, "screen_name is empty"),
        ({"screen_name": "AUDI\u00071"}, "screen_name holds a character that cannot be printed"),
        ({"movie_title": ""}, "movie_title is empty"),
        ({"movie_title": "x" * 192}, "movie_title has 192 characters, 191 fit"),
        ({"movie_title": "a\u0000b"}, "movie_title holds a character that cannot be stored"),
        ({"movie_rating": ["A"]}, "movie_rating is a list where a text is meant"),
        ({"movie_rating": {"a": 1}}, "movie_rating is an object where a text is meant"),
        ({"movie_format": 2.5}, "movie_format is a fraction where a text is meant"),
        ({"cinema_id": None}, "cinema_id is empty"),
        ({"cinema_id": "one"}, "cinema_id is the text 'one' where a whole number is meant"),
        ({"cinema_id": -1}, "cinema_id is -1, which is no number from 0"),
        ({"cinema_id": 2**31}, "which is no number from 0"),
        ({"cinema_id": "9" * 30}, "which is no number from 0"),
        ({"cinema_id": True}, "cinema_id is true or false where a whole number is meant"),
        ({"movie_length": 1.5}, "movie_length is a fraction where a whole number is meant"),
        ({"movie_showTime": None}, "movie_showTime is empty"),
        ({"movie_showTime": "soon"}, "movie_showTime is 'soon', which is no date and time"),
        ({"movie_showTime": "2026-01-28T10:00"}, "nobody says in which time zone"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_staged_is_refused_by_field(facts: dict[str, Any], words: str) -> None:
    with pytest.raises(Bad) as refused:
        mapped(row(**facts))
    assert words in str(refused.value)


def test_every_fault_of_a_row_is_told_at_once() -> None:
    with pytest.raises(Bad) as refused:
        mapped(row(movie_ID=None, cinema_id="x", movie_title=None))
    assert str(refused.value).count(";") == 2


@pytest.mark.parametrize("key", ["cinema_id", "screen_name", "movie_showTime", "movie_title"])
def test_a_row_without_what_is_needed_is_refused(key: str) -> None:
    with pytest.raises(Bad, match=f"{key} is missing"):
        mapped(without(row(), key))


def test_a_narrower_table_of_a_user_sets_the_limit() -> None:
    with pytest.raises(Bad, match="movie_title has 21 characters, 20 fit"):
        mapped(row(movie_title="x" * 21), mapper(title=20))


def test_cinemas_are_remembered_by_their_cleaned_names() -> None:
    using = mapper()
    mapped(row(cinema_name="Cin\u00e9polis\u00a0Thane "), using)
    mapped(row(1, cinema_name=None), using)
    mapped(without(row(cinema_id=2), "cinema_name"), using)
    assert using.names == {1: "Cin\u00e9polis Thane", 2: ""}


def test_a_row_by_other_keys_teaches_its_cinema_too() -> None:
    using = mapper()
    mapped(without({**row(cinema_id=7), "movieID": "M"}, "movie_ID"), using)
    assert using.names == {7: "Cinema One"}


def test_a_cinema_of_another_feed_is_refused_and_not_remembered() -> None:
    def zone_of(cinema: int) -> str:
        raise Bad(f"cinema_id {cinema} is a cinema of the feed other")

    using = Mapper(Times.UTC, zone_of, CAPACITY)
    with pytest.raises(Bad, match="cinema_id 1 is a cinema of the feed other"):
        mapped(row(), using)
    assert using.names == {}


def test_hours_that_come_twice_are_counted() -> None:
    using = mapper("Europe/Berlin")
    mapped(row(movie_showTime="2026-10-25T02:30"), using)
    assert using.folds == 1


@pytest.mark.parametrize("word", ["N", "n ", "0", "false", "Inactive", "cancelled"])
def test_words_that_say_a_show_does_not_take_place(word: str) -> None:
    assert not is_active(word)


@pytest.mark.parametrize("word", ["Y", "1", None, "", "true", "maybe"])
def test_all_else_counts_as_taking_place(word: str | None) -> None:
    assert is_active(word)
