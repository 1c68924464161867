"""The present transform over the bodies that are held."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from popflix.lib.models import AuditEntry, FieldLock
from sync.movies.models import Movie, StoredPayload
from tests.sync.movies.invented import NOW, movie
from tests.sync.movies.test_import import called, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def held(tmp_path: Path) -> None:
    called("import_movies", put(tmp_path / "kept", *map(movie, (1, 2, 3))))


def test_nothing_differs_after_an_import() -> None:
    told = called("replay_movies")
    assert (told["read"], told["changed"], told["applied"]) == (3, 0, False)


def test_another_size_of_posters_reaches_what_was_fetched_before(settings: Settings) -> None:
    settings.TMDB_POSTER_SIZE = "w780"
    before = Movie.objects.get(tmdb_id=1)
    told = called("replay_movies")
    assert (told["changed"], told["fields"]) == (3, {"main_poster": 3})
    assert "/w780/" in told["examples"][0]["after"]
    assert Movie.objects.get(tmdb_id=1).main_poster == before.main_poster
    FieldLock.objects.create(
        table="sync.movie", row=str(Movie.objects.get(tmdb_id=2).pk), field="main_poster",
        by="ada", at=NOW,
    )  # fmt: skip
    told = called("replay_movies", "--apply")
    assert (told["changed"], told["applied"]) == (2, True)
    after = Movie.objects.get(tmdb_id=1)
    assert "/w780/" in after.main_poster
    assert after.fetched_at == before.fetched_at  # nobody asked TMDB
    assert "/w780/" not in Movie.objects.get(tmdb_id=2).main_poster
    assert AuditEntry.objects.get(action="replay movies").count == 2


def test_a_damaged_payload_is_named_and_the_others_are_read() -> None:
    StoredPayload.objects.filter(movies__tmdb_id=2).update(body=b"x")
    told = called("replay_movies")
    assert told["damaged"] == [
        "movie 2: the stored payload is damaged: " + told["damaged"][0][40:]
    ]
    assert told["read"] == 3
