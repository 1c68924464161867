"""Three questions to TMDB, and which key goes where."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from popflix.lib.errors import ConfigurationError
from popflix.lib.http import Refused
from popflix.lib.limiter import build_limiter
from sync.tmdb import client as tmdb
from sync.tmdb.client import TmdbClient, build_client, key_variable
from tests.sync.tmdb import invented
from tests.sync.tmdb.invented import FakeHttp

V3_KEY = "0123456789abcdef0123456789abcdef"
V4_TOKEN = "eyJhbGciOiJIUzI1NiJ9.invented.token"


def test_a_movie_is_asked_for_by_imdb_id_with_its_videos_in_one_request() -> None:
    http = FakeHttp({"/movie/tt99000001": invented.movie()})
    assert TmdbClient(http, ("en",)).movie("tt99000001", 3).id == 9_000_001
    assert http.asked == ["/movie/tt99000001"]
    assert http.params == [{"append_to_response": "videos", "language": "en"}]
    assert http.lanes == [3]


def test_a_series_is_asked_for_with_its_external_ids() -> None:
    http = FakeHttp({"/tv/9000002": invented.tv()})
    assert TmdbClient(http, ("en",)).tv(9_000_002, 0).id == 9_000_002
    assert http.params[0]["append_to_response"] == "videos,external_ids"
    assert http.lanes == [0]


def test_find_asks_for_imdb_ids() -> None:
    http = FakeHttp({"/find/tt99000001": invented.find([invented.movie()])})
    assert TmdbClient(http, ("de", "en")).find("tt99000001", 3).movies[0].id == 9_000_001
    assert http.params == [{"external_source": "imdb_id", "language": "de"}]


def test_the_key_alone_can_be_asked_about() -> None:
    http = FakeHttp({"/authentication": [invented.TAKEN, 401]})
    client = TmdbClient(http, ("en",))
    client.check_key(0)
    with pytest.raises(Refused):
        client.check_key(0)
    assert (http.asked, http.lanes) == (["/authentication"] * 2, [0, 0])


def test_a_chain_of_languages_asks_for_images_and_videos_of_each() -> None:
    http = FakeHttp({"/movie/1": invented.movie(1), "/tv/2": invented.tv(2)})
    client = TmdbClient(http, ("de-AT", "en"))
    client.movie(1, 3)
    client.tv(2, 3)
    assert http.params[0] == {
        "append_to_response": "videos,images",
        "language": "de-AT",
        "include_video_language": "de,en,null",
        "include_image_language": "de,en,null",
    }
    assert http.params[1]["append_to_response"] == "videos,images,external_ids"


def test_an_odd_id_stays_one_part_of_the_path() -> None:
    http = FakeHttp({"/find/..%2Fx%3Fa": invented.find()})
    TmdbClient(http, ("en",)).find("../x?a", 3)
    assert http.asked == ["/find/..%2Fx%3Fa"]


def test_requests_are_counted_and_the_connections_closed() -> None:
    http = FakeHttp({"/movie/1": invented.movie(1)})
    client = TmdbClient(http, ("en",))
    client.movie(1, 3)
    assert client.request_count == 1
    client.close()
    assert http.is_closed


def test_a_token_goes_as_bearer_and_a_key_into_the_query(settings: Settings) -> None:
    settings.TMDB_READ_TOKEN, settings.TMDB_API_KEY = V4_TOKEN, V3_KEY
    assert tmdb.credentials() == (
        {"Authorization": f"Bearer {V4_TOKEN}", "Accept": "application/json"},
        {},
    )
    assert key_variable() == "TMDB_READ_TOKEN"
    settings.TMDB_READ_TOKEN = ""
    assert tmdb.credentials() == ({"Accept": "application/json"}, {"api_key": V3_KEY})
    assert key_variable() == "TMDB_API_KEY"


def test_no_key_is_one_sentence_and_the_place_to_get_one(settings: Settings) -> None:
    settings.TMDB_READ_TOKEN = settings.TMDB_API_KEY = ""
    with pytest.raises(ConfigurationError) as raised:
        build_client(build_limiter("tmdb", 38, backend="memory"))
    assert raised.value.cause == "Neither TMDB_READ_TOKEN nor TMDB_API_KEY is set."
    assert "https://www.themoviedb.org/settings/api" in raised.value.cure


def test_a_v3_key_given_as_token_is_told_before_tmdb_refuses_it(
    settings: Settings,
) -> None:
    settings.TMDB_READ_TOKEN = V3_KEY
    with pytest.raises(ConfigurationError) as raised:
        build_client(build_limiter("tmdb", 38, backend="memory"))
    assert "TMDB_READ_TOKEN holds a v3 key" in raised.value.cause
    assert V3_KEY not in str(raised.value)
    assert "TMDB_API_KEY" in raised.value.cure


def test_the_client_of_the_settings_asks_the_configured_address(
    settings: Settings,
) -> None:
    settings.TMDB_API_KEY = V3_KEY
    settings.TMDB_BASE_URL = "http://127.0.0.1:9/3"
    client = build_client(build_limiter("tmdb", 38, backend="memory"))
    assert client.request_count == 0
    client.close()
