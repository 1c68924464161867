"""TMDB's records become values; what is left out is told apart from what is said to be none."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from popflix.lib.http import BadPayload, Unavailable
from sync.movies.fields import BLANK, FIELDS, is_blank
from sync.movies.models import Movie
from sync.movies.ratings import RatingSource, RatingValue
from sync.movies.transform import Images, MovieValues, read_movie
from tests.sync.movies.invented import IMAGES, movie, tv


def read(record: dict[str, Any], media_type: str = "movie") -> MovieValues:
    return read_movie(json.dumps(record).encode(), media_type, IMAGES)


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def test_a_movie_is_read_field_by_field() -> None:
    values = read(movie())
    assert values.key == ("movie", 9_000_001)
    assert values.said() == {
        "title": "The Glass Harbour",
        "original_title": "The Glass Harbour",
        "year": 2019,
        "release_date": dt.date(2019, 7, 15),
        "poster_path": "/glassharbour.jpg",
        "main_poster": "https://image.example/t/p/w500/glassharbour.jpg",
        "backdrop_path": "/glassbackdrop.jpg",
        "main_backdrop": "https://image.example/t/p/w1280/glassbackdrop.jpg",
        "genres": [{"id": 18, "name": "Drama"}, {"id": 53, "name": "Thriller"}],
        "genre_ids": [18, 53],
        "cast_ids": [9_000_011, 9_000_012],
        "crew_ids": [9_000_021, 9_000_022],
        "imdb_id": "tt9000001",
        "popularity": 1.5,
        "runtime": 101,
        "original_language": "en",
        "adult": False,
        "status": "Released",
    }
    assert values.ratings == (RatingValue(RatingSource.TMDB, Decimal("7.438"), 120),)
    assert values.ratings[0].scale == 10


def test_a_series_is_read_by_the_same_words_from_its_own_keys() -> None:
    values = read(tv(), "tv")
    assert values.key == ("tv", 9_000_002)
    assert values.said() == {
        "title": "The Glass Harbour",
        "original_title": "Glashavnen",
        "year": 2011,
        "release_date": dt.date(2011, 4, 17),
        "poster_path": "/glassharbour.jpg",
        "main_poster": "https://image.example/t/p/w500/glassharbour.jpg",
        "backdrop_path": "/glassbackdrop.jpg",
        "main_backdrop": "https://image.example/t/p/w1280/glassbackdrop.jpg",
        "genres": [{"id": 18, "name": "Drama"}, {"id": 53, "name": "Thriller"}],
        "genre_ids": [18, 53],
        "cast_ids": [9_000_011, 9_000_012],
        "crew_ids": [9_000_021, 9_000_022],
        "imdb_id": "tt9000002",
        "popularity": 1.5,
        "runtime": 52,
        "original_language": "en",
        "adult": False,
        "status": "Released",
    }
    assert values.ratings == (RatingValue(RatingSource.TMDB, Decimal("7.438"), 120),)


def test_every_field_is_a_column_and_begins_as_the_column_does() -> None:
    row = Movie()
    assert {name: getattr(row, name) for name in FIELDS} == dict(BLANK)


@pytest.mark.parametrize(
    ("facts", "field", "said"),
    [
        ({"poster_path": None}, "poster_path", ""),
        ({"poster_path": None}, "main_poster", ""),
        ({"poster_path": ""}, "main_poster", ""),
        ({"backdrop_path": None}, "main_backdrop", ""),
        ({"release_date": ""}, "release_date", None),
        ({"release_date": None}, "release_date", None),
        ({"release_date": ""}, "year", None),
        ({"runtime": 0}, "runtime", None),
        ({"runtime": None}, "runtime", None),
        ({"genres": []}, "genres", []),
        ({"genres": []}, "genre_ids", []),
        ({"credits": {"cast": [], "crew": []}}, "cast_ids", []),
        ({"imdb_id": "", "external_ids": {}}, "imdb_id", ""),
        ({"imdb_id": None, "external_ids": {"imdb_id": None}}, "imdb_id", ""),
        ({"imdb_id": None, "external_ids": {"imdb_id": "tt7"}}, "imdb_id", "tt0000007"),
    ],
)
def test_what_tmdb_says_is_none_is_said(facts: dict[str, Any], field: str, said: object) -> None:
    assert read(movie(**facts)).said()[field] == said


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({"title": ""}, ["title"]),
        ({"title": None}, ["title"]),
        ({"original_title": None}, ["original_title"]),
        ({"popularity": None}, ["popularity"]),
        ({"adult": None}, ["adult"]),
        ({"status": ""}, ["status"]),
        ({"original_language": None}, ["original_language"]),
        ({"genres": None}, ["genres", "genre_ids"]),
        ({"credits": None}, ["cast_ids", "crew_ids"]),
        ({"credits": {}}, ["cast_ids", "crew_ids"]),
        ({"credits": {"cast": None, "crew": []}}, ["cast_ids"]),
        ({"poster_path": "/../../etc/passwd"}, ["poster_path", "main_poster"]),
        ({"poster_path": "/a b.jpg"}, ["poster_path", "main_poster"]),
        ({"imdb_id": "nm0000001"}, ["imdb_id"]),
        ({"imdb_id": "12345"}, ["imdb_id"]),
    ],
)
def test_what_says_nothing_leaves_the_field_alone(
    facts: dict[str, Any], fields: list[str]
) -> None:
    assert set(FIELDS) - set(read(movie(**facts)).said()) == set(fields)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("title", ["title"]),
        ("release_date", ["release_date", "year"]),
        ("poster_path", ["poster_path", "main_poster"]),
        ("runtime", ["runtime"]),
        ("credits", ["cast_ids", "crew_ids"]),
        ("genres", ["genres", "genre_ids"]),
    ],
)
def test_an_absent_key_says_nothing(name: str, fields: list[str]) -> None:
    assert set(FIELDS) - set(read(without(movie(), name)).said()) == set(fields)


def test_an_imdb_id_is_unsaid_only_where_neither_place_speaks() -> None:
    assert read(without(movie(), "imdb_id", "external_ids")).imdb_id is UNSET
    assert read(without(movie(), "external_ids")).imdb_id == "tt9000001"
    assert read(without(movie(), "imdb_id")).imdb_id == "tt9000001"
    assert read(without(tv(), "external_ids"), "tv").imdb_id is UNSET


@pytest.mark.parametrize(
    ("average", "votes"), [(0.0, 0), (7.1, 0), (0.0, 5), (7.1, None), (None, 5)]
)
def test_without_votes_there_is_no_rating(average: float | None, votes: int | None) -> None:
    assert read(movie(vote_average=average, vote_count=votes)).ratings == ()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"id": 0}, "id"),
        ({"title": 5}, "title"),
        ({"release_date": "2019-02-31"}, "release_date"),
        ({"release_date": "20190715"}, "release_date"),
        ({"release_date": "soon"}, "release_date"),
        ({"runtime": -1}, "runtime"),
        ({"runtime": "101"}, "runtime"),
        ({"genres": [{"id": 18}]}, "genres[0].name"),
        ({"credits": {"cast": [{"name": "x"}]}}, "credits.cast[0].id"),
        ({"vote_average": 11}, "vote_average"),
        ({"status": "x" * 41}, "status"),
        ({"poster_path": "/" + "x" * 255}, "poster_path"),
    ],
)
def test_what_breaks_the_form_is_named(facts: dict[str, Any], field: str) -> None:
    with pytest.raises(BadPayload) as raised:
        read(movie(**facts))
    assert raised.value.field == field


def test_a_series_names_its_own_date() -> None:
    with pytest.raises(BadPayload) as raised:
        read(tv(first_air_date="2011-13-01"), "tv")
    assert raised.value.field == "first_air_date"


def test_what_is_no_json_may_be_asked_again() -> None:
    with pytest.raises(Unavailable):
        read_movie(b"<html>", "movie", IMAGES)


def test_the_size_and_place_of_pictures_are_the_operators() -> None:
    images = Images("https://mirror.example/t", "w342", "original")
    values = read_movie(json.dumps(movie()).encode(), "movie", images)
    assert values.main_poster == "https://mirror.example/t/w342/glassharbour.jpg"
    assert values.main_backdrop == "https://mirror.example/t/original/glassbackdrop.jpg"


RECORDS = {"movie": movie(), "tv": tv()}
# The only keys whose null says that there is none, by the field that it empties.
MAY_SAY_NONE = {
    "poster_path": "poster_path",
    "main_poster": "poster_path",
    "backdrop_path": "backdrop_path",
    "main_backdrop": "backdrop_path",
    "release_date": "release_date",
    "year": "release_date",
    "runtime": "runtime",
    "imdb_id": "imdb_id",
}
OF_SERIES = {"release_date": "first_air_date"}


@given(
    kind=st.sampled_from(["movie", "tv"]),
    absent=st.sets(st.sampled_from(sorted({*movie(), *tv()}))),
    null=st.sets(st.sampled_from(sorted({*movie(), *tv()}))),
)
def test_any_keys_may_be_absent_or_null(kind: str, absent: set[str], null: set[str]) -> None:
    record = {
        name: None if name in null else value
        for name, value in RECORDS[kind].items()
        if name not in absent
    }
    if "id" in absent | null:
        with pytest.raises(BadPayload) as raised:
            read(record, kind)
        assert raised.value.field == "id"
        return
    whole, said = read(RECORDS[kind], kind).said(), read(record, kind).said()
    for name, value in said.items():
        if is_blank(name, value):
            key = MAY_SAY_NONE[name]
            assert {key, OF_SERIES.get(key)} & (null - absent)
        else:
            assert value == whole[name]
