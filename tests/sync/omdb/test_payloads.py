"""OMDb's texts become ratings, each on its source's own scale."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from popflix.lib.http import BadPayload, NotFound, Unavailable
from sync.movies.ratings import RatingSource, RatingValue
from sync.omdb.payloads import read_ratings
from tests.sync.omdb import invented

IMDB, TOMATOES = RatingSource.IMDB, RatingSource.ROTTEN_TOMATOES
METACRITIC = RatingSource.METACRITIC
TCONST = "tt99000001"


def read(body: Any) -> dict[RatingSource, RatingValue]:
    return read_ratings(json.dumps(body).encode(), TCONST)


def test_each_source_is_read_on_its_own_scale() -> None:
    assert read(invented.title()) == {
        IMDB: RatingValue(IMDB, Decimal("8.0"), 1_234_567),
        TOMATOES: RatingValue(TOMATOES, Decimal(91)),
        METACRITIC: RatingValue(METACRITIC, Decimal(69)),
    }
    assert [source.scale for source in (IMDB, TOMATOES, METACRITIC)] == [10, 100, 100]


def test_sources_are_found_by_name_wherever_they_stand() -> None:
    turned = invented.title(Ratings=invented.RATINGS[::-1])
    assert read(turned) == read(invented.title())


@pytest.mark.parametrize(
    ("ratings", "sources"),
    [
        ([], set()),
        (invented.RATINGS[1:2], {TOMATOES}),
        ([{"Source": "Metacritic", "Value": "N/A"}], set()),
        ([{"Source": "Somebody Else", "Value": "five stars"}, *invented.RATINGS[:1]], {IMDB}),
    ],
)
def test_what_a_source_does_not_say_is_no_rating(
    ratings: list[dict[str, str]], sources: set[RatingSource]
) -> None:
    assert set(read(invented.title(Ratings=ratings))) == sources


def test_a_rating_may_come_without_votes() -> None:
    assert read(invented.title(imdbVotes="N/A"))[IMDB].votes is None


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"Ratings": [{"Source": "Metacritic", "Value": "6.9"}]}, "Ratings[0].Value"),
        ({"Ratings": [{"Source": "Metacritic", "Value": "101/100"}]}, "Ratings[0].Value"),
        ({"Ratings": [{"Source": "Rotten Tomatoes", "Value": 91}]}, "Ratings[0].Value"),
        ({"Ratings": None}, "Ratings"),
        ({"imdbVotes": "many"}, "imdbVotes"),
        ({"imdbID": "tt99000002"}, "imdbID"),
    ],
)
def test_what_breaks_the_form_is_named(facts: dict[str, Any], field: str) -> None:
    with pytest.raises(BadPayload) as raised:
        read(invented.title(**facts))
    assert raised.value.field == field


@pytest.mark.parametrize("words", ["Movie not found!", "Incorrect IMDb ID."])
def test_an_unknown_title_is_not_found_though_the_status_is_200(words: str) -> None:
    with pytest.raises(NotFound, match="OMDb says"):
        read({"Response": "False", "Error": words})


def test_any_other_complaint_may_pass() -> None:
    with pytest.raises(Unavailable, match="Error getting data"):
        read({"Response": "False", "Error": "Error getting data."})


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("name", "tconst", "said"),
    [
        (
            "omdb_tt0848228_three_ratings_2026.json",
            "tt0848228",
            {IMDB: ("8.0", 1_555_308), TOMATOES: ("91", None), METACRITIC: ("69", None)},
        ),
        (
            "omdb_tt1392190_three_ratings.json",
            "tt1392190",
            {IMDB: ("8.1", 966_247), TOMATOES: ("97", None), METACRITIC: ("90", None)},
        ),
        ("omdb_tt4896340_one_rating.json", "tt4896340", {IMDB: ("5.2", 314)}),
    ],
)
def test_a_recorded_answer_is_read_as_a_person_reads_it(
    recordings: Path, name: str, tconst: str, said: dict[RatingSource, tuple[str, int | None]]
) -> None:
    found = read_ratings((recordings / "omdb" / name).read_bytes(), tconst)
    assert {source: (str(each.value), each.votes) for source, each in found.items()} == said


@pytest.mark.recordings
def test_the_recorded_errors_are_told(recordings: Path) -> None:
    bodies = {path.name for path in (recordings / "omdb").glob("omdb_error_*.json")}
    assert bodies == {"omdb_error_not_found_200.json", "omdb_error_limit_401.json"}
    with pytest.raises(NotFound):
        read_ratings((recordings / "omdb" / "omdb_error_not_found_200.json").read_bytes(), TCONST)
