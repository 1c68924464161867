"""TMDB's bodies are read strictly where it matters and leniently everywhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET, Struct

from popflix.lib.http import BadPayload, Unavailable
from sync.tmdb import payloads
from sync.tmdb.payloads import ErrorBody, FindResults, Movie, Tv, Videos, parse, year_of
from tests.sync.tmdb import invented


def body(parsed: Any) -> bytes:
    return json.dumps(parsed).encode()


def test_a_movie_is_read_with_its_videos() -> None:
    movie = parse(Movie, body(invented.movie()))
    assert (movie.id, movie.claimed_imdb_id) == (9_000_001, "tt99000001")
    assert (movie.title, movie.original_title, year_of(movie)) == (
        "The Glass Harbour",
        "The Glass Harbour",
        2019,
    )
    assert movie.poster_path == "/glassharbour.jpg"
    assert movie.videos is not UNSET
    first = movie.videos.results[0]
    assert (first.site, first.key, first.type, first.language) == (
        "YouTube",
        "AbCdEf12345",
        "Trailer",
        "en",
    )
    assert (first.official, first.size, first.published_at) == (
        True,
        1080,
        "2024-05-01T16:00:00.000Z",
    )


def test_a_series_is_read_under_its_own_keys() -> None:
    tv = parse(Tv, body(invented.tv()))
    assert (tv.id, tv.title, tv.original_title, year_of(tv)) == (
        9_000_002,
        "The Glass Harbour",
        "The Glass Harbour",
        2019,
    )
    assert tv.claimed_imdb_id == "tt99000001"


def test_absent_null_and_empty_are_told_apart() -> None:
    absent = invented.movie()
    del absent["poster_path"], absent["videos"]
    assert parse(Movie, body(absent)).poster_path is UNSET
    assert parse(Movie, body(absent)).videos is UNSET
    assert parse(Movie, body(invented.movie(poster_path=None))).poster_path is None
    empty = parse(Movie, body(invented.movie(videos={"results": []}))).videos
    assert empty == Videos(results=[])


@pytest.mark.parametrize("date", ["", None, "20", "abcd-01-01", "٢٠١٩-01-01"])
def test_a_date_that_names_no_year_has_none(date: str | None) -> None:
    assert year_of(parse(Movie, body(invented.movie(release_date=date)))) is None


@pytest.mark.parametrize("imdb_id", [None, ""])
def test_an_imdb_id_may_stand_in_the_external_ids_only(imdb_id: str | None) -> None:
    facts: dict[str, Any] = {"imdb_id": imdb_id, "external_ids": {"imdb_id": "tt99000007"}}
    assert parse(Movie, body(invented.movie(**facts))).claimed_imdb_id == "tt99000007"
    assert parse(Movie, body(invented.movie(imdb_id=imdb_id))).claimed_imdb_id == ""


@pytest.mark.parametrize(
    ("form", "wrong", "field"),
    [
        (Movie, {**invented.movie(), "id": "9000001"}, "id"),
        (Movie, {**invented.movie(), "id": 0}, "id"),
        (Movie, {**invented.movie(), "id": 2**31}, "id"),
        (Movie, {**invented.movie(), "poster_path": 5}, "poster_path"),
        (Movie, {**invented.movie(), "title": ["x"]}, "title"),
        (Movie, {**invented.movie(), "videos": []}, "videos"),
        (
            Movie,
            {**invented.movie(), "videos": {"results": [{"key": 1}]}},
            "videos.results[0].key",
        ),
        (Movie, {"success": True}, "id"),
        (Movie, [], "body"),
        (Tv, {**invented.tv(), "external_ids": {"imdb_id": 5}}, "external_ids.imdb_id"),
        (FindResults, {"movie_results": []}, "tv_results"),
        (FindResults, {}, "movie_results"),
        (FindResults, {**invented.find(), "movie_results": None}, "movie_results"),
    ],
)
def test_a_wrong_type_or_a_missing_key_is_named(
    form: type[Struct], wrong: Any, field: str
) -> None:
    with pytest.raises(BadPayload) as raised:
        parse(form, body(wrong))
    assert raised.value.field == field


@pytest.mark.parametrize("text", [b"", b"<html>", b'{"id": 1', b'{"id": 1}}', b"\xff{}"])
def test_what_is_no_json_may_be_asked_again(text: bytes) -> None:
    with pytest.raises(Unavailable):
        parse(Movie, text)


def test_what_find_names_is_read_by_kind() -> None:
    found = parse(
        FindResults,
        body(
            invented.find(
                [invented.movie(5)], [invented.tv(6)], [{"id": 7, "show_id": 8, "name": "Pilot"}]
            )
        ),
    )
    assert [(movie.id, movie.title, year_of(movie)) for movie in found.movies] == [
        (5, "The Glass Harbour", 2019)
    ]
    assert [(tv.id, tv.title, year_of(tv)) for tv in found.series] == [
        (6, "The Glass Harbour", 2019)
    ]
    assert [(episode.id, episode.show_id) for episode in found.episodes] == [(7, 8)]


@pytest.mark.parametrize(
    ("form", "invented_body"),
    [
        (payloads.Page[payloads.ListedMovie], {"page": 1, "results": [{"id": 1, "title": "A"}]}),
        (payloads.Page[payloads.Changed], {"page": 1, "results": [{"id": 1, "adult": None}]}),
    ],
)
def test_pages_are_read(form: Any, invented_body: dict[str, Any]) -> None:
    page = parse(form, body({**invented_body, "total_pages": 50_257, "total_results": 1}))
    assert (page.total_pages, page.results[0].id) == (50_257, 1)


def test_errors_are_read_with_and_without_success() -> None:
    assert parse(ErrorBody, body(invented.TOO_MANY)).status_code == 25
    assert parse(ErrorBody, body(invented.INVALID_KEY)).success is False


def test_the_other_lists_are_read() -> None:
    images = {
        "secure_base_url": "https://image.example/",
        "poster_sizes": ["w500"],
        "backdrop_sizes": ["w1280"],
    }
    configuration = parse(payloads.Configuration, body({"images": images, "change_keys": []}))
    assert configuration.images.poster_sizes == ["w500"]
    genres = parse(payloads.Genres, body({"genres": [{"id": 18, "name": "Drama"}]}))
    assert genres.genres[0].name == "Drama"
    offers = {
        "US": {"link": "https://example/", "rent": [{"provider_id": 2, "provider_name": "P"}]}
    }
    providers = parse(payloads.WatchProviders, body({"id": 1, "results": offers}))
    assert providers.results["US"].rent[0].provider_name == "P"
    assert providers.results["US"].buy == []


# Which struct fits which recording; the files themselves may not be shipped.
RECORDED: dict[str, Any] = {
    "bitshow_movie_419704_append_videos.json": Movie,
    "ceg_changes_movie_list.json": payloads.Page[payloads.Changed],
    "ceg_discover_movies.json": payloads.Page[payloads.ListedMovie],
    "ceg_find_movie_results.json": FindResults,
    "ceg_find_tv_episode_results.json": FindResults,
    "ceg_movies_details_with_append_to_response.json": Movie,
    "ceg_movies_videos.json": Videos,
    "ceg_movies_watch_providers.json": payloads.WatchProviders,
    "ceg_tv_series_details_with_append_to_response.json": Tv,
    "ceg_watch_providers_empty_watch_providers.json": payloads.Region,
    "chiiya_movies_appends-1.json": Movie,
    "piro_movie_videos.json": Videos,
    "rec_2026_trending_movie_excerpt_softcore.json": list[payloads.ListedMovie],
    "rec_2026_tv_321518_detail_softcore.json": Tv,
    "rec_configuration_200.json": payloads.Configuration,
    "rec_discover_movie__lang-en_200.json": payloads.Page[payloads.ListedMovie],
    "rec_error_429_code25_2017.json": ErrorBody,
    "rec_find_nm0298350__imdb_id_lang-en_200.json": FindResults,
    "rec_find_no_results.json": FindResults,
    "rec_find_tt0266543__imdb_id_lang-en_200.json": FindResults,
    "rec_find_tt0936501__imdb_id_200.json": FindResults,
    "rec_find_tt1375666__tvdb_id_401.json": ErrorBody,
    "rec_genre_movie_list_200.json": payloads.Genres,
    "rec_genre_tv_list_200.json": payloads.Genres,
    "rec_movie_550__credits-release_dates-external_ids-keywords-images_200.json": Movie,
    "rec_movie_562__lang-de_200.json": Movie,
    "rec_mv_discover_movie__page-1_200.json": payloads.Page[payloads.ListedMovie],
    "rec_mv_discover_movie__page-2_200.json": payloads.Page[payloads.ListedMovie],
    "rust_invalid-api-key.json": ErrorBody,
    "rust_movie-watch-providers.json": payloads.WatchProviders,
    "spec_find_external_id_200.json": FindResults,
    "spec_movie_movie_id_200.json": Movie,
    "swift_error-status-400.json": ErrorBody,
}
DESCRIPTION = "openapi_tmdb-api_official.json"
EXAMPLES: dict[str, Any] = {
    "/3/movie/{movie_id}": Movie,
    "/3/movie/{movie_id}/videos": Videos,
    "/3/movie/{movie_id}/external_ids": payloads.ExternalIds,
    "/3/movie/{movie_id}/images": payloads.Images,
    "/3/movie/{movie_id}/watch/providers": payloads.WatchProviders,
    "/3/movie/changes": payloads.Page[payloads.Changed],
    "/3/discover/movie": payloads.Page[payloads.ListedMovie],
    "/3/tv/{series_id}": Tv,
    "/3/tv/{series_id}/videos": Videos,
    "/3/tv/{series_id}/external_ids": payloads.ExternalIds,
    "/3/find/{external_id}": FindResults,
    "/3/configuration": payloads.Configuration,
    "/3/genre/movie/list": payloads.Genres,
}


@pytest.mark.recordings
def test_every_recorded_body_has_a_struct(recordings: Path) -> None:
    bodies = {path.name for path in (recordings / "tmdb").glob("*.json")}
    assert bodies == {*RECORDED, DESCRIPTION}


@pytest.mark.recordings
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_body_parses(recordings: Path, name: str) -> None:
    parse(RECORDED[name], (recordings / "tmdb" / name).read_bytes())


@pytest.mark.recordings
@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_of_tmdbs_own_description_parses(recordings: Path, path: str) -> None:
    described = json.loads((recordings / "tmdb" / DESCRIPTION).read_bytes())["paths"][path]["get"]
    content = described["responses"]["200"]["content"]["application/json"]
    examples = [example["value"] for example in content["examples"].values()]
    assert examples
    for example in examples:
        text = example if isinstance(example, str) else json.dumps(example)
        parse(EXAMPLES[path], text.encode())


@pytest.mark.recordings
def test_what_real_bodies_say_is_read(recordings: Path) -> None:
    folder = recordings / "tmdb"
    movie = parse(Movie, (folder / "bitshow_movie_419704_append_videos.json").read_bytes())
    assert (movie.id, movie.claimed_imdb_id, year_of(movie)) == (419704, "tt2935510", 2019)
    assert movie.videos is not UNSET
    assert {video.site for video in movie.videos.results} == {"YouTube"}
    series = folder / "ceg_tv_series_details_with_append_to_response.json"
    assert parse(Tv, series.read_bytes()).claimed_imdb_id == "tt2934286"
    found = parse(FindResults, (folder / "ceg_find_tv_episode_results.json").read_bytes())
    assert not found.movies
    assert not found.series
    assert found.episodes[0].show_id == 1396
