"""Recorded records are read as a person reads them; what the recordings say is not shipped."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sync.movies.ratings import RatingSource
from sync.movies.transform import MovieValues, read_movie
from tests.sync.movies.invented import IMAGES


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


def plainly(record: dict[str, Any], kind: str) -> dict[str, object]:
    """What a reader writes down, by the record alone: what is not there is not written."""
    is_series = kind == "tv"
    found: dict[str, object] = {}
    texts = {"title": "name" if is_series else "title", "status": "status",
             "original_title": "original_name" if is_series else "original_title",
             "original_language": "original_language", "popularity": "popularity",
             "adult": "adult"}  # fmt: skip
    found |= {field: record[key] for field, key in texts.items() if key in record}
    date = record["first_air_date" if is_series else "release_date"]
    found["release_date"] = dt.date(*map(int, date.split("-"))) if date else None
    found["year"] = int(date[:4]) if date else None
    for path, address, size in (
        ("poster_path", "main_poster", "w500"), ("backdrop_path", "main_backdrop", "w1280"),
    ):  # fmt: skip
        found[path] = record[path] or ""
        found[address] = f"https://image.example/t/p/{size}{record[path]}" if record[path] else ""
    found["genres"], found["genre_ids"] = record["genres"], [one["id"] for one in record["genres"]]
    for field, those in (("cast_ids", "cast"), ("crew_ids", "crew")):
        if "credits" in record:
            found[field] = []
            for person in record["credits"][those]:
                if person["id"] not in found[field]:  # type: ignore[operator]
                    found[field].append(person["id"])  # type: ignore[attr-defined]
    if "imdb_id" in record or "external_ids" in record:
        found["imdb_id"] = record.get("imdb_id") or record["external_ids"]["imdb_id"]
    minutes = (*record["episode_run_time"], None)[0] if is_series else record["runtime"]
    return {**found, "runtime": minutes}


@pytest.mark.recordings
@pytest.mark.parametrize("name", GOLDEN)
def test_every_field_of_a_recording_is_what_stands_in_it(recordings: Path, name: str) -> None:
    kind, body = GOLDEN[name].media_type, (recordings / "tmdb" / name).read_bytes()
    record = json.loads(body)
    values = read_movie(body, kind, IMAGES)
    assert values.said() == plainly(record, kind)
    average, votes = record["vote_average"], record["vote_count"]
    rated = [(float(each.value), each.votes, each.source) for each in values.ratings]
    assert rated == ([(round(average, 3), votes, RatingSource.TMDB)] if votes else [])


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
        assert values.said() == plainly(json.loads(text), kind)
