"""Two workers with overlapping answers at one moment: both finish, each movie is there once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from sync.movies.models import ImdbConflict, Movie, MovieFetch, MovieRating, StoredPayload
from sync.movies.store import Fetched, Stored, store_movies
from tests.popflix.engine.vendors import on_a_server
from tests.sync.movies.invented import NOW, fetched, movie

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases, on_a_server]
COUNT = 60


def answers(numbers: Sequence[int], hours: int, note: str = "") -> list[Fetched]:
    at = NOW + dt.timedelta(hours=hours)
    return [fetched(movie(number, title=f"Film {number}{note}"), at=at) for number in numbers]


def at_once(*batches: Sequence[Fetched]) -> list[Stored]:
    gate = threading.Barrier(len(batches))

    def store(batch: Sequence[Fetched]) -> Stored:
        try:
            connection.ensure_connection()
            gate.wait(timeout=10)
            return store_movies(batch, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(store, batches))


@pytest.mark.parametrize("turned", [lambda numbers: numbers, lambda numbers: numbers[::-1]])
def test_overlapping_batches_are_both_written(
    turned: Callable[[Sequence[int]], Sequence[int]],
) -> None:
    numbers = range(1, COUNT + 1)
    for hours in range(0, 8, 2):  # first all are new, then all are changed
        older = answers(numbers, hours, f" of {hours}")
        later = answers(turned(numbers), hours + 1, f" of {hours + 1}")
        at_once(older, later)
        assert Movie.objects.count() == COUNT
        if hours:  # the rows are there to be locked: the later answer stays, whoever came last
            assert not Movie.objects.exclude(title__endswith=f" of {hours + 1}").exists()
        assert MovieFetch.objects.count() == MovieRating.objects.count() == COUNT
    assert not ImdbConflict.objects.exists()
    held = set(Movie.objects.values_list("payload_id", flat=True))
    assert held <= set(StoredPayload.objects.values_list("pk", flat=True))
