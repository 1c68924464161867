"""Movies that an operator does not want, and wants again: by commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry
from sync.movies.certify import _states
from sync.movies.listing import needed_ids
from sync.movies.models import (
    ImdbConflict,
    Movie,
    MovieFetch,
    MovieRating,
    StoredPayload,
)
from tests.sync.movies.invented import NOW, movie
from tests.sync.movies.test_import import called, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def held(tmp_path: Path) -> None:
    called(
        "import_movies", put(tmp_path / "kept", movie(1), movie(2), movie(3, imdb_id="tt00000002"))
    )


def test_an_excluded_movie_is_kept_and_never_fetched_until_it_is_restored() -> None:
    told = called("delete_movie", 1, "--why", "not ours")
    assert told["movies"] == 1
    one = Movie.objects.get(tmdb_id=1)
    assert one.excluded_at
    assert (one.excluded_why, one.title) == ("not ours", movie()["title"])
    assert MovieFetch.objects.get(tmdb_id=1).due_at is None
    assert needed_ids("movie", [1], NOW) == {}
    assert AuditEntry.objects.get(action="exclude movies").target == "movie 1"
    assert called("restore_movie", 1, "--why", "ours after all")["movies"] == 1
    assert Movie.objects.get(tmdb_id=1).excluded_at is None
    work = MovieFetch.objects.get(tmdb_id=1)
    assert (work.due_at is not None, work.lane) == (True, 0)


def test_of_a_purged_movie_the_id_alone_is_kept_so_that_no_crawl_asks_for_it() -> None:
    assert ImdbConflict.objects.exists()
    assert called("delete_movie", 2, 3, "--why", "a mistake", "--purge")["movies"] == 2
    assert list(Movie.objects.values_list("tmdb_id", flat=True)) == [1]
    assert (MovieRating.objects.count(), StoredPayload.objects.count()) == (1, 1)
    assert not ImdbConflict.objects.exists()
    assert needed_ids("movie", [2, 3], NOW) == {}
    assert called("restore_movie", 2, "--why", "wanted")["movies"] == 1
    assert MovieFetch.objects.get(tmdb_id=2).due_at is not None


def test_a_payload_that_another_movie_needs_survives_the_purge() -> None:
    kept = Movie.objects.get(tmdb_id=1).payload
    Movie.objects.filter(tmdb_id=2).update(payload=kept)
    called("delete_movie", 1, "--why", "a mistake", "--purge")
    assert Movie.objects.get(tmdb_id=2).payload == kept


def test_a_dry_run_counts_and_changes_nothing() -> None:
    assert called("delete_movie", 1, 2, 99, "--dry-run")["movies"] == 2
    assert called("restore_movie", 1, "--dry-run")["movies"] == 0
    assert not Movie.objects.exclude(excluded_at=None).exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("delete_movie", 1), "A reason is missing."),
        (("delete_movie", 99, "--why", "so"), "None of these movies is held, or all are"),
        (("delete_movie", "Heat", "--why", "so"), "'Heat' is no id of TMDB's."),
        (("restore_movie", 1, "--why", "so"), "None of these movies is excluded: movie 1."),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[object, ...], told: str) -> None:
    with pytest.raises(OperatorError) as raised:
        called(str(arguments[0]), *arguments[1:])
    assert told in str(raised.value)


def test_a_certificate_counts_a_purged_id_as_excluded_not_missing() -> None:
    called("delete_movie", 2, "--why", "a mistake", "--purge")
    assert _states("movie", [1, 2, 9]) == {1: "held", 2: "excluded", 9: "missing"}
