"""TMDB's records become values; what is left out is told apart from what is said to be none."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

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
    assert (values.title, values.original_title) == ("The Glass Harbour", "Glashavnen")
    assert (values.release_date, values.year) == (dt.date(2011, 4, 17), 2011)
    assert values.runtime == 52
    assert values.imdb_id == "tt9000002"
    assert set(values.said()) == set(FIELDS)


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


class Golden(NamedTuple):
    """What a reader of a recording writes down; texts and people as lengths and hashes, because
    the recordings may not be shipped."""

    media_type: str
    tmdb_id: int
    imdb_id: str | None  # None: nothing is said
    title: str  # hash
    original_title: str
    date: str
    poster: str
    backdrop: str
    genre_ids: list[int]
    cast: tuple[int, str] | None  # how many, hash of the ids
    crew: tuple[int, str] | None
    popularity: float
    runtime: int | None
    language: str | None
    status: str
    rating: tuple[str, int] | None


GOLDEN = {
    "bitshow_movie_419704_append_videos.json": Golden(
        media_type="movie",
        tmdb_id=419704,
        imdb_id="tt2935510",
        title="802c176952",
        original_title="802c176952",
        date="2019-09-17",
        poster="7ee3592a4c",
        backdrop="8574d0ee9f",
        genre_ids=[878, 18],
        cast=None,
        crew=None,
        popularity=581.092,
        runtime=123,
        language="en",
        status="Released",
        rating=("6.000", 3554),
    ),
    "ceg_movies_details_with_append_to_response.json": Golden(
        media_type="movie",
        tmdb_id=12313,
        imdb_id="tt0409732",
        title="b90a84339c",
        original_title="79a7bd9a4b",
        date="2004-11-18",
        poster="0c890ff5c9",
        backdrop="831669d1ee",
        genre_ids=[12, 18],
        cast=(25, "a24351e67c"),
        crew=(7, "c627a9b1e6"),
        popularity=3.475,
        runtime=92,
        language="de",
        status="Released",
        rating=("6.400", 5),
    ),
    "ceg_tv_series_details_with_append_to_response.json": Golden(
        media_type="tv",
        tmdb_id=1399,
        imdb_id="tt2934286",
        title="9695deb9db",
        original_title="9695deb9db",
        date="2011-04-17",
        poster="c884f8c6f5",
        backdrop="a1edbb58c7",
        genre_ids=[10765, 18, 10759],
        cast=(1, "58c1871e76"),
        crew=(1, "b43fddaad1"),
        popularity=346.098,
        runtime=60,
        language="en",
        status="Ended",
        rating=("8.438", 21390),
    ),
    "chiiya_movies_appends-1.json": Golden(
        media_type="movie",
        tmdb_id=550,
        imdb_id="tt0137523",
        title="3d290048e0",
        original_title="3d290048e0",
        date="1999-10-15",
        poster="f1926f3eca",
        backdrop="4097ac69f7",
        genre_ids=[18],
        cast=(2, "6eebb73ffd"),
        crew=(2, "82847fd4f6"),
        popularity=58.072,
        runtime=139,
        language="en",
        status="Released",
        rating=("8.400", 24173),
    ),
    "rec_2026_tv_321518_detail_softcore.json": Golden(
        media_type="tv",
        tmdb_id=321518,
        imdb_id=None,
        title="00d9be8cf4",
        original_title="60f9d33746",
        date="",
        poster="8d0b964310",
        backdrop="d9464d4713",
        genre_ids=[16, 35, 10759, 10765],
        cast=None,
        crew=None,
        popularity=1.2985,
        runtime=None,
        language="ja",
        status="In Production",
        rating=None,
    ),
    "rec_movie_550__credits-release_dates-external_ids-keywords-images_200.json": Golden(
        media_type="movie",
        tmdb_id=550,
        imdb_id="tt0137523",
        title="3d290048e0",
        original_title="3d290048e0",
        date="1999-10-15",
        poster="105803d0cb",
        backdrop="35d9172661",
        genre_ids=[18, 53],
        cast=(75, "a23b910271"),
        crew=(185, "5f256a49eb"),
        popularity=24.1745,
        runtime=139,
        language="en",
        status="Released",
        rating=("8.438", 30717),
    ),
    "rec_movie_562__lang-de_200.json": Golden(
        media_type="movie",
        tmdb_id=562,
        imdb_id="tt0095016",
        title="ce9e4b69fa",
        original_title="3ee3b6937e",
        date="1988-07-14",
        poster="70a9d601d3",
        backdrop="97b0d79572",
        genre_ids=[28, 53],
        cast=None,
        crew=None,
        popularity=8.99593009919216,
        runtime=131,
        language=None,
        status="Released",
        rating=("6.800", 1687),
    ),
    "spec_movie_movie_id_200.json": Golden(
        media_type="movie",
        tmdb_id=11,
        imdb_id="tt0076759",
        title="37b08a03e0",
        original_title="37b08a03e0",
        date="1977-05-25",
        poster="9fc1da8a59",
        backdrop="cfab1e0362",
        genre_ids=[12, 28, 878],
        cast=None,
        crew=None,
        popularity=20.6912,
        runtime=121,
        language="en",
        status="Released",
        rating=("8.200", 22061),
    ),
}


def short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def told(values: MovieValues) -> Golden:
    def people(ids: object) -> tuple[int, str] | None:
        return (len(ids), short(ids)) if isinstance(ids, list) else None

    said = values.said()
    rating = values.ratings[0] if values.ratings else None
    return Golden(
        values.media_type,
        values.tmdb_id,
        said.get("imdb_id"),  # type: ignore[arg-type]
        short(said["title"]),
        short(said["original_title"]),
        str(said["release_date"] or ""),
        short(said["poster_path"]),
        short(said["backdrop_path"]),
        said["genre_ids"],  # type: ignore[arg-type]
        people(said.get("cast_ids")),
        people(said.get("crew_ids")),
        said["popularity"],  # type: ignore[arg-type]
        said["runtime"],  # type: ignore[arg-type]
        said.get("original_language"),  # type: ignore[arg-type]
        str(said["status"]),
        (str(rating.value), rating.votes or 0) if rating else None,
    )


@pytest.mark.recordings
@pytest.mark.parametrize("name", GOLDEN)
def test_a_recorded_record_is_read_as_a_person_reads_it(recordings: Path, name: str) -> None:
    golden = GOLDEN[name]
    body = (recordings / "tmdb" / name).read_bytes()
    values = read_movie(body, golden.media_type, IMAGES)
    assert told(values) == golden
    for path, address in (("poster_path", "main_poster"), ("backdrop_path", "main_backdrop")):
        size = "w500" if path == "poster_path" else "w1280"
        said = values.said()
        assert said[address] == f"https://image.example/t/p/{size}{said[path]}"


@pytest.mark.recordings
def test_no_recorded_record_is_forgotten(recordings: Path) -> None:
    found = set()
    for path in (recordings / "tmdb").glob("*.json"):
        body = json.loads(path.read_bytes())
        if isinstance(body, dict) and {"id", "genres"} <= set(body):
            found.add(path.name)
    assert found == set(GOLDEN)


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("path", "kind", "tmdb_id", "year"),
    [("/3/movie/{movie_id}", "movie", 11, 1977), ("/3/tv/{series_id}", "tv", 1399, 2011)],
)
def test_an_example_of_tmdbs_own_description_is_read(
    recordings: Path, path: str, kind: str, tmdb_id: int, year: int
) -> None:
    described = json.loads((recordings / "tmdb" / "openapi_tmdb-api_official.json").read_bytes())
    content = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    for example in content["examples"].values():
        value = example["value"]
        text = value if isinstance(value, str) else json.dumps(value)
        values = read_movie(text.encode(), kind, IMAGES)
        assert (values.tmdb_id, values.year) == (tmdb_id, year)
