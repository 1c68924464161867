"""What `sync_status` says of shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from popflix.console.status.areas import Standing, registered
from popflix.lib.models import QuarantinedRow
from reconcile.changes.models import ChangeSet, SetState
from reconcile.feed.models import Load, LoadState, Source

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = timezone.now().replace(microsecond=0)
HOUR = dt.timedelta(hours=1)


def standing() -> Standing:
    return next(area for area in registered() if area.name == "shows").read(NOW)


def load(source: str, state: str, age: int) -> None:
    Source.objects.get_or_create(name=source)
    at = NOW - age * HOUR
    Load.objects.create(source=source, where="-", state=state, started_at=at, finished_at=at)


def change_set(state: str, **counts: Any) -> None:
    ChangeSet.objects.create(
        source="city", load_id=1, state=state, created_at=NOW, counts={"insert": counts}
    )


def test_what_waits_is_counted_of_sets_that_are_not_done() -> None:
    change_set(SetState.OPEN, held=3, approved=2)
    change_set(SetState.APPLYING, approved=4, applied=9)
    change_set(SetState.CLOSED, held=50, approved=50)
    told = standing()
    assert (told.counts["held"], told.due_count) == (3, 6)


def test_answers_are_what_staging_shows_and_failures_what_came_since() -> None:
    load("city", LoadState.FAILED, 9)  # long mended
    load("city", LoadState.LOADED, 5)
    load("coast", LoadState.LOADED, 3)
    load("coast", LoadState.HELD, 1)
    for source in ("city", "other"):
        QuarantinedRow.objects.create(source=source, line=1, reason="bad", raw="-", at=NOW)
    told = standing()
    assert (told.oldest_at, told.newest_at) == (NOW - 5 * HOUR, NOW - 3 * HOUR)
    assert told.failures == {"loads held": 1, "in quarantine": 1}
    assert told.rate_per_second is None
