"""What `sync_status` says of titles, movies and providers: by what their workers claim."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from popflix.console.status.areas import Standing, registered
from popflix.engine.models import Lane
from popflix.engine.work import claim_rows
from sync.availability.models import Availability, Provider
from sync.links.models import Enrichment
from sync.movies.models import AskedBy, Movie, MovieFetch
from tests.sync.links.rows import answered, link, title

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = timezone.now().replace(microsecond=0)
HOUR = dt.timedelta(hours=1)


def standing(name: str) -> Standing:
    return next(area for area in registered() if area.name == name).read(NOW)


def movie(tmdb_id: int, **facts: Any) -> Movie:
    given = {"created_at": NOW, "updated_at": NOW, "fetched_at": NOW, **facts}
    return Movie.objects.create(tmdb_id=tmdb_id, **given)


def fetch(tmdb_id: int, **facts: Any) -> MovieFetch:
    return MovieFetch.objects.create(
        tmdb_id=tmdb_id, asked_by=AskedBy.EXPORT, first_seen_at=NOW, **facts
    )


def claimed(model: Any, **how: Any) -> int:
    return len(claim_rows(model, token="t", limit=1000, lease_seconds=60, now=NOW, **how))


def test_titles_are_told_by_state_and_due_as_they_are_claimed(settings: Settings) -> None:
    settings.TMDB_RATE_PER_SECOND = 2.0
    title(1)
    title(2, title_type="videoGame")
    link(3, work={"due_at": NOW - HOUR})
    link(4, work={"due_at": NOW - 2 * HOUR, "lane": Lane.OPERATOR})
    link(5, work={"due_at": NOW + HOUR})
    answered(6, due_at=None)
    link(7, processed_status="FAILED", work={"failure_kind": "not_found", "due_at": NOW + HOUR})
    told = standing("titles")
    assert told.counts == {"pending": 3, "success": 1, "failed": 1, "not queued": 1}
    assert told.due_since == NOW - 2 * HOUR
    assert told.eta_seconds == 1.0
    assert told.failures == {"not_found": 1}
    assert told.due_count == claimed(Enrichment) == 2


def test_wanted_titles_without_a_row_are_not_queued_yet() -> None:
    for number in (1, 2):
        title(number)
    assert standing("titles").counts["not queued"] == 2


def test_movies_are_told_by_what_became_of_them_upstream_and_here() -> None:
    movie(1, fetched_at=NOW - 5 * HOUR)
    movie(2, upstream_state="gone", fetched_at=NOW - HOUR)
    movie(3, excluded_at=NOW, fetched_at=None)
    fetch(1, movie=Movie.objects.get(tmdb_id=1), due_at=NOW + HOUR)
    fetch(8, due_at=NOW - HOUR)
    fetch(9, failure_kind="gave_up", given_up_at=NOW)
    told = standing("movies")
    assert told.counts == {"live": 2, "gone": 1, "merged": 0, "excluded": 1, "not held": 2}
    assert (told.oldest_at, told.newest_at) == (NOW - 5 * HOUR, NOW - HOUR)
    assert told.failures == {"gave_up": 1}
    assert (told.due_count, told.due_since) == (1, NOW - HOUR)
    assert claimed(MovieFetch) == 1


ENTRY = {
    "name": "invented",
    "kind": "url",
    "template": "https://films.example/{tmdb_id}",
    "body_contains": "player",
    "controls": {"available": [1], "unavailable": [2]},
    "rate_per_second": 4,
}


def row(provider: Provider, tmdb_id: int, region: str = "", **facts: Any) -> None:
    film = Movie.objects.filter(tmdb_id=tmdb_id).first() or movie(tmdb_id)
    Availability.objects.create(movie=film, provider=provider, region=region, **facts)


def test_a_provider_is_told_by_what_is_known_there(settings: Settings) -> None:
    settings.POPFLIX_PROVIDERS = [ENTRY, {**ENTRY, "name": "other"}]
    mine, other = (
        Provider.objects.create(name=name, kind="url", first_seen_at=NOW)
        for name in ("invented", "other")
    )
    known = {"last_outcome": "available", "status": "available"}
    row(mine, 1, **known, last_checked=NOW - 9 * HOUR, due_at=NOW - HOUR)
    row(mine, 1, "US", **known, last_checked=NOW - 9 * HOUR)
    row(mine, 2, last_outcome="unknown", last_checked=NOW, failure_kind="limited", due_at=NOW)
    row(mine, 3, due_at=NOW - 2 * HOUR)
    row(mine, 4, status="unavailable", last_outcome="unavailable", last_checked=NOW - HOUR)
    row(other, 1, failure_kind="refused", due_at=NOW)
    movie(5, media_type="tv")
    movie(6)
    told = standing("availability-invented")
    assert told.counts == {
        "available": 1, "unavailable": 1, "never answered": 1, "not checked": 1, "no row": 1,
    }  # fmt: skip
    assert (told.oldest_at, told.newest_at) == (NOW - 9 * HOUR, NOW)
    assert told.failures == {"limited": 1}
    assert standing("availability-other").failures == {"refused": 1}
    assert (told.due_since, told.eta_seconds) == (NOW - 2 * HOUR, 0.8)
    assert told.due_count == claimed(Availability, among={"provider_id": mine.pk}) == 3


def test_a_provider_that_never_ran_has_all_its_movies_before_it(settings: Settings) -> None:
    settings.POPFLIX_PROVIDERS = [ENTRY]
    movie(1)
    told = standing("availability-invented")
    assert (told.counts, told.rate_per_second) == ({"no row": 1}, 4.0)


def test_a_setting_that_cannot_be_read_is_told_in_its_place(settings: Settings) -> None:
    settings.POPFLIX_PROVIDERS = [{**ENTRY, "kind": "tea"}]
    area = next(area for area in registered() if area.title == "Availability")
    with pytest.raises(Exception, match="POPFLIX_PROVIDERS"):
        area.read(NOW)
