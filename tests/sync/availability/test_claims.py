"""Claims read a short range of their index, however many rows there are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.engine.work import claim_rows, next_due
from sync.availability.models import Availability
from sync.movies.models import Movie
from tests.popflix.engine.fakes import NOON
from tests.sync.availability.fakes import ENTRY, configured, provider_row

ROWS = 3000
INDEX = "availability_claim"
TABLE = Availability._meta.db_table


@pytest.mark.django_db
@pytest.mark.both_databases
def test_a_claim_among_many_rows_goes_by_the_index_of_claims() -> None:
    with configured() as config, configured({**ENTRY, "name": "other"}) as other:
        Movie.objects.bulk_create(
            Movie(tmdb_id=number, created_at=NOON, updated_at=NOON)
            for number in range(1, ROWS + 1)
        )
        movies = list(Movie.objects.values_list("pk", flat=True))
        for each in (config, other):
            provider = provider_row(each)
            Availability.objects.bulk_create(
                Availability(
                    movie_id=pk, provider=provider, due_at=NOON + dt.timedelta(minutes=at - ROWS)
                )
                for at, pk in enumerate(movies)
            )
        among: dict[str, Any] = {"provider_id": provider_row(config).pk}
        with CaptureQueriesContext(connection) as queries:
            claim_rows(
                Availability, token="7-1-1", limit=50, lease_seconds=60, now=NOON, among=among
            )
            next_due(Availability, now=NOON, horizon_seconds=60, among=among)
        selects = [each["sql"] for each in queries if each["sql"].startswith("SELECT")]
        assert len(selects) >= 5
        for sql in selects:
            assert goes_by_the_index(sql), sql


def goes_by_the_index(sql: str) -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            steps = [row[-1] for row in cursor.fetchall()]
            of_table = [step for step in steps if TABLE in step]
            return bool(of_table) and all(INDEX in step for step in of_table)
        cursor.execute(f"EXPLAIN {sql}")
        names = [column[0] for column in cursor.description]
        plans = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    steps = [plan for plan in plans if plan["table"] == TABLE]
    is_short = [plan["type"] in ("range", "ref") and plan["key"] == INDEX for plan in steps]
    return bool(is_short) and all(is_short)
