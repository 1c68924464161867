"""One question to OMDb, and what its refusals mean."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from popflix.lib.errors import ConfigurationError
from popflix.lib.http import NotFound, Refused
from popflix.lib.limiter import build_limiter
from popflix.lib.limiter.survey import survey
from popflix.lib.redact import redact
from sync.movies.ratings import RatingSource
from sync.omdb.client import BUCKET, OmdbClient, QuotaReached, build_client, omdb_limiter
from tests.sync.omdb import invented
from tests.sync.tmdb.invented import FakeHttp

KEY = "a1b2c3d4e5"
TCONST = "tt99000001"


def test_a_title_is_asked_for_by_its_imdb_id() -> None:
    http = FakeHttp({"/": invented.title()})
    client = OmdbClient(http)
    assert set(client.ratings(TCONST, 3)) == {
        RatingSource.IMDB,
        RatingSource.ROTTEN_TOMATOES,
        RatingSource.METACRITIC,
    }
    assert (http.params, http.lanes, client.request_count) == ([{"i": TCONST}], [3], 1)
    client.close()
    assert http.is_closed


def test_a_used_up_quota_is_told_from_a_bad_key() -> None:
    http = FakeHttp({"/": [(401, invented.LIMIT), (401, invented.INVALID_KEY)]})
    client = OmdbClient(http)
    with pytest.raises(QuotaReached, match="daily quota is used up") as raised:
        client.ratings(TCONST, 3)
    assert not isinstance(raised.value, Refused)
    assert not raised.value.retryable
    with pytest.raises(Refused, match="Invalid API key"):
        client.ratings(TCONST, 3)


@pytest.mark.recordings
def test_the_recorded_refusal_is_the_quota(recordings: Path) -> None:
    body = json.loads((recordings / "omdb" / "omdb_error_limit_401.json").read_bytes())
    with pytest.raises(QuotaReached, match="daily quota is used up"):
        OmdbClient(FakeHttp({"/": [(401, body)]})).ratings(TCONST, 3)


def test_without_a_key_the_operator_is_told_where_to_get_one(settings: Settings) -> None:
    settings.OMDB_API_KEY = ""
    with pytest.raises(ConfigurationError, match="OMDB_API_KEY is not set"):
        build_client()


class _Handler(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = b'{"Response":"False","Error":"Movie not found!"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[str]:
    _Handler.asked = []
    with HTTPServer(("127.0.0.1", 0), _Handler) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def test_the_key_goes_in_the_query_and_into_no_text(server: str, settings: Settings) -> None:
    settings.OMDB_API_KEY, settings.OMDB_BASE_URL = KEY, server
    limiter = build_limiter(BUCKET, 50, backend="memory")
    client = build_client(limiter)
    with pytest.raises(NotFound) as raised:
        client.ratings(TCONST, 0)
    client.close()
    assert _Handler.asked == [f"/?i={TCONST}&apikey={KEY}"]
    assert KEY not in str(raised.value)
    assert redact(f"the key is {KEY}") == "the key is [secret]"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="elsewhere it is a row")
def test_omdb_has_a_bucket_of_its_own_and_the_operators_pace(
    settings: Settings, tmp_path: Path
) -> None:
    settings.OMDB_RATE_PER_SECOND, settings.POPFLIX_VAR = 7.0, tmp_path
    omdb_limiter().close()
    assert [(each.name, each.allowed_rate) for each in survey()] == [(BUCKET, 7.0)]
