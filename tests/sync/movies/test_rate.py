"""OMDb's ratings by a unit that spends a day's quota and goes on the next day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from popflix.engine.models import Pause
from popflix.engine.pauses import StopsUnit
from popflix.engine.runner import run_in_foreground
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from sync.movies.models import Movie, MovieRating
from sync.movies.store import store_movies
from sync.omdb.client import OmdbClient
from tests.sync.movies.invented import NOW, fetched, movie
from tests.sync.omdb import invented
from tests.sync.tmdb.invented import FakeHttp

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def held() -> None:
    store_movies([fetched(movie(number)) for number in (1, 2, 3)], now=NOW)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> FakeHttp:
    http = FakeHttp({"/": list(answers)})
    monkeypatch.setattr("sync.movies.rate.build_client", lambda **_: OmdbClient(http))
    return http


def run(**params: object) -> Mapping[str, object]:
    return run_in_foreground("rate-movies", params, stop=StopRequest()).result


def title(number: int) -> dict[str, Any]:
    return invented.title(Movie.objects.get(tmdb_id=number).imdb_id)


def test_three_sources_come_with_one_request_and_unknown_titles_are_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    http = answering(monkeypatch, title(1), invented.NOT_FOUND, title(3))
    told = run()
    assert (told["asked"], told["unknown"], told["written"]) == (3, 1, 6)
    assert http.is_closed
    sources = MovieRating.objects.filter(movie__tmdb_id=1).values_list("source", flat=True)
    assert set(sources) == {"tmdb", "imdb", "metacritic", "rotten_tomatoes"}


def test_a_used_up_quota_ends_the_run_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answering(monkeypatch, title(1), (401, invented.LIMIT))
    told = run()
    assert (told["asked"], told["quota"], told["written"]) == (1, True, 3)
    http = answering(monkeypatch, title(2), title(3))
    assert run()["asked"] == 2
    assert http.params[0] == {"i": Movie.objects.get(tmdb_id=2).imdb_id}
    http = answering(monkeypatch, title(1))  # all were asked about: from the beginning
    assert run(limit=1)["written"] == 0


def test_a_refused_key_pauses_the_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, title(1), (401, invented.INVALID_KEY))
    with pytest.raises(StopsUnit, match="The key in OMDB_API_KEY is refused"):
        run()
    assert Pause.objects.filter(unit="rate-movies").exists()
    assert MovieRating.objects.filter(source="imdb").count() == 1  # what came before is kept


def test_a_limit_is_checked_at_the_door() -> None:
    with pytest.raises(OperatorError, match="limit is 0"):
        run(limit="0")
