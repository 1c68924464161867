"""The bodies have the keys and types of the real ones; paths and errors are TMDB's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from popflix.sandbox.catalogue import Catalogue, Known, Media, Title
from popflix.sandbox.entries import entries
from tests.popflix.sandbox.desks import ask, make_desk


def words(text: str) -> set[str]:
    return set(text.split())


MOVIE_KEYS = words(
    "adult backdrop_path belongs_to_collection budget genres homepage id imdb_id origin_country "
    "original_language original_title overview popularity poster_path production_companies "
    "production_countries release_date revenue runtime softcore spoken_languages status tagline "
    "title video vote_average vote_count"
)
TV_KEYS = words(
    "adult backdrop_path created_by episode_run_time first_air_date genres homepage id "
    "in_production languages last_air_date last_episode_to_air name next_episode_to_air networks "
    "number_of_episodes number_of_seasons origin_country original_language original_name overview "
    "popularity poster_path production_companies production_countries seasons softcore "
    "spoken_languages status tagline type vote_average vote_count"
)
VIDEO_KEYS = words("iso_639_1 iso_3166_1 name key site size type official published_at id")
FIND_MOVIE_KEYS = words(
    "adult backdrop_path id title original_language original_title overview poster_path "
    "media_type genre_ids popularity release_date softcore video vote_average vote_count"
)
FIND_TV_KEYS = FIND_MOVIE_KEYS - {"title", "original_title", "release_date", "video"} | {
    "name", "original_name", "first_air_date", "origin_country",
}  # fmt: skip
ALL_APPENDED = "videos,external_ids,watch/providers,images,release_dates,credits"
NO_MATCH: dict[str, list[Any]] = {
    "movie_results": [],
    "person_results": [],
    "tv_results": [],
    "tv_episode_results": [],
    "tv_season_results": [],
}
DESK = make_desk(titles=300)


def a_title(known: Known, media: Media | None = None) -> Title:
    return next(
        title
        for title in Catalogue(300, 1)
        if title.known is known and media in (None, title.media)
    )


def movie(title: Title, **params: str) -> Any:
    got = ask(DESK, f"/3/movie/{title.tconst}?{urlencode(params)}")
    assert got.status == 200
    return got.body


def find(title: Title) -> Any:
    got = ask(DESK, f"/3/find/{title.tconst}", external_source="imdb_id")
    assert got.status == 200
    return got.body


def test_a_movie_has_the_real_ones_keys_and_the_newcomers_of_2026() -> None:
    title = a_title(Known.DIRECT, Media.PLAIN)
    body = movie(title)
    assert set(body) == MOVIE_KEYS
    assert (body["imdb_id"], body["title"], body["id"]) == (
        title.tconst,
        title.name,
        title.tmdb_id,
    )
    assert type(body["popularity"]) is float
    assert type(body["vote_count"]) is int


def test_a_movie_answers_to_its_number_as_to_its_imdb_id() -> None:
    title = a_title(Known.DIRECT)
    by_number = ask(DESK, f"/3/movie/{title.tmdb_id}").body
    assert by_number == movie(title)


def test_an_unknown_year_is_an_empty_release_date() -> None:
    title = next(t for t in Catalogue(300, 1) if t.year is None and t.known is Known.DIRECT)
    body = movie(title, append_to_response="release_dates")
    assert body["release_date"] == ""
    assert body["release_dates"] == {"results": []}


def test_a_missing_poster_is_null() -> None:
    body = movie(a_title(Known.DIRECT, Media.NO_POSTER), append_to_response="images")
    assert body["poster_path"] is None
    assert body["images"]["posters"] == []
    assert body["backdrop_path"]


def test_appended_namespaces_come_as_asked_and_no_others() -> None:
    title = a_title(Known.DIRECT)
    assert set(movie(title, append_to_response="videos")) == MOVIE_KEYS | {"videos"}
    everything = movie(title, append_to_response=ALL_APPENDED)
    assert set(everything) == MOVIE_KEYS | set(ALL_APPENDED.split(","))


def test_a_misspelt_or_misspaced_namespace_is_silently_absent() -> None:
    body = movie(a_title(Known.DIRECT), append_to_response="videos, images,watch_providers,nope")
    assert set(body) == MOVIE_KEYS | {"videos"}


def test_a_series_has_no_release_dates_to_append() -> None:
    title = a_title(Known.SERIES)
    got = ask(DESK, f"/3/tv/{title.tmdb_id}", append_to_response=ALL_APPENDED)
    appended = set(ALL_APPENDED.split(",")) - {"release_dates"}
    assert set(got.body) == TV_KEYS | appended
    assert got.body["external_ids"]["imdb_id"] == title.tconst
    assert got.body["name"] == title.name


def test_twenty_namespaces_may_be_appended_and_not_one_more() -> None:
    path = f"/3/movie/{a_title(Known.DIRECT).tconst}"
    twenty = ",".join(["videos"] * 20)
    assert ask(DESK, path, append_to_response=twenty).status == 200
    got = ask(DESK, path, append_to_response=twenty + ",images")
    assert (got.status, got.body["status_code"]) == (400, 27)


def test_a_video_has_the_real_ones_keys() -> None:
    body = movie(a_title(Known.DIRECT, Media.MANY), append_to_response="videos")
    assert len(body["videos"]["results"]) > 5
    assert all(set(video) == VIDEO_KEYS for video in body["videos"]["results"])


@pytest.mark.parametrize(
    ("media", "sites"), [(Media.VIMEO, ["Vimeo"]), (Media.NO_TRAILER, []), (Media.BARE, [])]
)
def test_some_have_their_trailer_on_vimeo_and_some_have_none(
    media: Media, sites: list[str]
) -> None:
    body = movie(a_title(Known.DIRECT, media), append_to_response="videos")
    assert [video["site"] for video in body["videos"]["results"]] == sites


def test_language_narrows_videos_and_images_and_include_widens_them() -> None:
    title = next(
        t
        for t in Catalogue(300, 1)
        if (t.known, t.media, t.language) == (Known.DIRECT, Media.MANY, "en")
    )

    def languages(**params: str) -> tuple[set[str], set[str | None]]:
        body = movie(title, append_to_response="videos,images", **params)
        videos = {video["iso_639_1"] for video in body["videos"]["results"]}
        return videos, {poster["iso_639_1"] for poster in body["images"]["posters"]}

    assert languages() == ({"en", "fr"}, {"en", "fr", None})
    assert languages(language="en-US") == ({"en"}, {"en"})
    assert languages(
        language="en", include_video_language="fr", include_image_language="null"
    ) == ({"en", "fr"}, {"en", None})


def test_find_names_a_movie_in_the_real_form() -> None:
    title = a_title(Known.FIND)
    body = find(title)
    assert set(body) == set(NO_MATCH)
    (item,) = body["movie_results"]
    assert set(item) == FIND_MOVIE_KEYS
    assert (item["id"], item["media_type"]) == (title.tmdb_id, "movie")


def test_find_names_a_series_in_the_real_form() -> None:
    title = a_title(Known.SERIES)
    (item,) = find(title)["tv_results"]
    assert set(item) == FIND_TV_KEYS
    assert item["id"] == title.tmdb_id


def test_a_movie_that_only_find_names_misses_by_direct_look_up() -> None:
    title = a_title(Known.FIND)
    assert ask(DESK, f"/3/movie/{title.tconst}").status == 404
    assert ask(DESK, f"/3/movie/{title.tmdb_id}").status == 200


def test_an_unknown_title_is_404_and_an_empty_find() -> None:
    title = a_title(Known.UNKNOWN)
    assert ask(DESK, f"/3/movie/{title.tconst}").status == 404
    assert ask(DESK, f"/3/movie/{title.tmdb_id}").status == 404
    assert find(title) == NO_MATCH


def test_both_candidates_of_an_ambiguous_title_can_be_looked_at() -> None:
    for title in Catalogue(300, 1):
        if title.known is not Known.AMBIGUOUS:
            continue
        body = find(title)
        named = [(i["media_type"], i["id"]) for i in body["movie_results"] + body["tv_results"]]
        assert named == [(entry.media_type, entry.tmdb_id) for entry in entries(title)]
        for media_type, number in named:
            got = ask(DESK, f"/3/{media_type}/{number}", append_to_response="external_ids")
            assert got.status == 200
            assert got.body["external_ids"]["imdb_id"] != title.tconst


@pytest.mark.parametrize("source", ["", "IMDB", "freebase"])
def test_find_wants_to_know_the_source(source: str) -> None:
    got = ask(DESK, "/3/find/tt99000001", external_source=source)
    assert (got.status, got.body["status_code"]) == (400, 18)


def test_find_by_another_source_knows_nothing() -> None:
    got = ask(DESK, "/3/find/tt99000001", external_source="tvdb_id")
    assert got.body == NO_MATCH


@pytest.mark.parametrize(
    "path",
    [
        "/3/movie/550", "/3/movie/abc", "/3/movie/99999999999999999999", "/3/movie/²",
        "/3/movie/tt0111161", "/3/tv/1399", "/3/tv/tt99000001", "/3/movie", "/3/person/1",
        "/4/list", "/", "/3/movie/tt99000001/nowhere",
    ],
)  # fmt: skip
def test_what_tmdb_does_not_know_is_404_with_code_34(path: str) -> None:
    got = ask(DESK, path)
    assert got.status == 404
    assert got.body == {
        "success": False,
        "status_code": 34,
        "status_message": "The resource you requested could not be found.",
    }


def test_the_configuration_names_the_image_host_and_sizes() -> None:
    images = ask(DESK, "/3/configuration").body["images"]
    assert images["secure_base_url"] == "https://image.tmdb.org/t/p/"
    assert "w500" in images["poster_sizes"]
    assert "w1280" in images["backdrop_sizes"]


def test_an_answer_is_the_same_each_time() -> None:
    path = f"/3/movie/tt99000002?append_to_response={ALL_APPENDED}"
    assert ask(make_desk(), path).raw == ask(make_desk(), path).raw


def test_a_body_is_utf8_json_with_its_length() -> None:
    title = next(t for t in Catalogue(300, 1) if t.language == "ja" and t.known is Known.DIRECT)
    got = ask(DESK, f"/3/movie/{title.tconst}")
    assert got.headers["Content-Type"] == "application/json;charset=utf-8"
    assert int(got.headers["Content-Length"]) == len(got.raw)
    assert title.own_name.encode() in got.raw
