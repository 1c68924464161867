"""What is on sale goes first, until it is done."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.engine.models import Lane
from sync.availability.models import Availability
from sync.movies.models import MovieFetch
from sync.movies.work import settled_lane
from sync.priority import raise_for
from tests.popflix.engine.fakes import NOON
from tests.sync.availability.fakes import configured, due_row

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
HOUR = dt.timedelta(hours=1)


def lanes() -> list[int]:
    return list(Availability.objects.order_by("pk").values_list("lane", flat=True))


def fetch(number: int, movie_id: int, **facts: Any) -> None:
    MovieFetch.objects.create(
        tmdb_id=number, movie_id=movie_id, first_seen_at=NOON, **{"due_at": NOON, **facts}
    )


def test_waiting_work_of_both_kinds_is_raised_once() -> None:
    with configured() as config:
        made = due_row(1, config, due_at=NOON + HOUR)
        fetch(1, made.movie_id)
        due_row(2, config)
        assert raise_for([made.movie_id], NOON) == 2
        assert lanes() == [Lane.ON_SALE, Lane.BACKFILL]
        assert Availability.objects.get(pk=made.pk).due_at == NOON + HOUR
        assert MovieFetch.objects.get().lane == Lane.ON_SALE
        assert raise_for([made.movie_id], NOON) == 0


def test_what_is_more_urgent_being_worked_on_or_given_up_stays() -> None:
    with configured() as config:
        rows = [
            due_row(1, config, lane=Lane.OPERATOR),
            due_row(2, config, lease_token="7-1-1", due_at=NOON + HOUR),
            due_row(3, config, due_at=None, given_up_at=NOON, failure_kind="fault"),
        ]
        assert raise_for([row.movie_id for row in rows], NOON) == 0
        assert lanes() == [Lane.OPERATOR, Lane.BACKFILL, Lane.BACKFILL]


def test_rows_of_regions_are_never_work() -> None:
    with configured() as config:
        made = due_row(1, config)
        beside = Availability.objects.create(
            movie=made.movie, provider=made.provider, region="DE", lane=Lane.BACKFILL
        )
        raise_for([made.movie_id], NOON)
        beside.refresh_from_db()
        assert beside.lane == Lane.BACKFILL


def test_many_movies_cost_as_few_statements_as_one() -> None:
    with configured() as config:
        ids = [due_row(number, config).movie_id for number in range(1, 9)]
        with CaptureQueriesContext(connection) as queries:
            raise_for(ids, NOON)
        updates = [each for each in queries if each["sql"].lstrip().startswith("UPDATE")]
        assert len(updates) == 2


def test_a_fetch_that_is_done_is_in_no_hurry_any_more() -> None:
    assert settled_lane(Lane.ON_SALE) == settled_lane(Lane.OPERATOR) == Lane.BACKFILL
    assert settled_lane(Lane.SCHEDULE) == Lane.SCHEDULE
