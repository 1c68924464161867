"""What the app's units declare, and when no schedule should start them."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from popflix.engine import registry
from sync.links.enrich import why_not_ready
from tests.sync.links.rows import title


def test_enrichment_works_in_two_slots_and_starts_every_quarter_of_an_hour() -> None:
    unit = registry.get("sync-media-links")
    assert unit.slots == 2
    assert unit.timetable is not None
    assert unit.timetable.every_seconds == 900
    assert unit.retry.attempts > 1
    assert unit.ready is why_not_ready


def test_imports_are_one_at_a_time_and_only_on_demand() -> None:
    unit = registry.get("import-imdb")
    assert (unit.slots, unit.timetable) == (1, None)


@pytest.mark.django_db
def test_enrichment_is_ready_once_a_key_is_set_and_titles_are_there(settings: Settings) -> None:
    settings.TMDB_READ_TOKEN = settings.TMDB_API_KEY = ""
    assert why_not_ready() == "Neither TMDB_READ_TOKEN nor TMDB_API_KEY is set."
    settings.TMDB_READ_TOKEN = "0123456789abcdef0123456789abcdef"
    assert why_not_ready().startswith("TMDB_READ_TOKEN holds a v3 key")
    settings.TMDB_READ_TOKEN = "an-invented-token"
    assert why_not_ready() == "TitleBasics holds no titles."
    title(1)
    assert why_not_ready() == ""
