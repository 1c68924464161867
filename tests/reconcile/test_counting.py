"""How many staged shows are to come is known from a load's slices; staging itself is the judge."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from reconcile.shows.models import MasterShow, SyncShow
from tests.reconcile.changes.rows import at, show
from tests.reconcile.programme import figures, load, reconcile, require_identity

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DAY = [show(f"{10 + n // 2}:{30 * (n % 2):02}", movie_id=f"F{n}", title=f"Film {n}")
       for n in range(12)]  # fmt: skip


@pytest.fixture(autouse=True)
def _missing_at_once(settings: Settings) -> None:
    settings.POPFLIX_MISSING_LOADS = 1


@pytest.mark.parametrize("zone", ["", "Asia/Kolkata", "America/Los_Angeles"])
def test_of_a_day_that_has_begun_the_shows_to_come_alone_can_be_missing(zone: str) -> None:
    now = at("12:15").isoformat()
    load(DAY, zones={3: zone})
    assert figures(reconcile(now=now)) == {"inserted": 12}
    load([row for row in DAY if row.title not in ("Film 1", "Film 8")], zones={3: zone})
    assert figures(reconcile(now=now)) == {"unchanged": 10, "missing": 1}
    [gone] = MasterShow.objects.filter(missing_since__isnull=False)
    assert gone.title == "Film 8"
    assert figures(reconcile(now=now)) == {"unchanged": 10}


def test_a_row_that_somebody_took_out_of_staging_is_counted_no_more() -> None:
    load(DAY)
    reconcile()
    SyncShow.objects.filter(title="Film 8").delete()
    told = reconcile()
    require_identity(told)
    assert figures(told) == {"unchanged": 11, "missing": 1}


def test_two_feeds_are_counted_each_by_its_own_cinemas() -> None:
    other = [show(f"{10 + n}:00", cinema_id=9, movie_id=f"G{n}") for n in range(5)]
    load(DAY)
    load(other, source="village")
    assert figures(reconcile()) == {"inserted": 17}
    told = reconcile(sources=["village"])
    assert (told["staged"], told["unchanged"]) == (5, 5)
    load(DAY[1:])
    assert figures(reconcile()) == {"unchanged": 16, "missing": 1}


def test_where_nothing_changed_staging_is_not_counted_row_by_row() -> None:
    load(DAY)
    reconcile()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        reconcile()
    asked = [each["sql"] for each in captured if "COUNT(*), SUM(CASE" in each["sql"]]
    assert asked == []
