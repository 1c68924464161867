"""POPFLIX_FEEDS: what it may say, and which feed a command means."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from popflix.lib.errors import ConfigurationError, OperatorError
from reconcile.feed.feeds import Feed, feed_to_load, parse_feeds, why_not_ready
from reconcile.feed.models import Source
from reconcile.feed.zones import Times

CITY = {"name": "city", "url": "https://feed.example/shows", "time_zone": "Asia/Kolkata"}
OTHER = {"name": "other", "url": "/feeds/other.json"}


def test_an_entry_is_read_whole() -> None:
    assert parse_feeds([{**CITY, "times": "local"}]) == [
        Feed("city", "https://feed.example/shows", "Asia/Kolkata", Times.LOCAL)
    ]


def test_times_are_as_stated_where_nothing_is_said() -> None:
    assert parse_feeds([CITY, OTHER])[1] == Feed("other", "/feeds/other.json", "", Times.UTC)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (["city"], "Entry 1 of POPFLIX_FEEDS is no JSON object"),
        ([CITY, {"url": "/x"}], "Entry 2 of POPFLIX_FEEDS: name is missing"),
        ([{"name": "city"}], "Entry 1 of POPFLIX_FEEDS: url is missing"),
        ([{**CITY, "name": 5}], "name is no text"),
        ([{**CITY, "name": "x" * 61}], "name is longer than 60 characters"),
        ([CITY, {**OTHER, "name": "City"}], "Entry 2 of POPFLIX_FEEDS: name is another entry's"),
        ([{**CITY, "url": "-"}], "url is standard input"),
        ([{**CITY, "time_zone": "Mars"}], "time_zone is no time zone"),
        ([{**CITY, "times": "wall"}], "times is neither utc nor local"),
        ([{**OTHER, "times": "local"}], "time_zone is missing, though its times are local"),
        ([{**CITY, "zone": "x"}], "zone is unknown; known are name, url, time_zone, times"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_a_wrong_entry_is_told_by_number_and_field(entries: list[Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        parse_feeds(entries)
    assert words in wrong.value.cause
    assert "feed.example" not in str(wrong.value)


def test_no_schedule_loads_where_no_feed_is_set(settings: Settings) -> None:
    settings.POPFLIX_FEEDS = []
    assert why_not_ready() == "POPFLIX_FEEDS names no feed."
    settings.POPFLIX_FEEDS = [CITY]
    assert why_not_ready() == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("feeds", "source", "where", "name"),
    [
        ([], None, "/a.json", "default"),
        ([CITY], None, "/a.json", "city"),
        ([CITY, OTHER], None, "/feeds/other.json", "other"),
        ([CITY, OTHER], "city", None, "city"),
        ([CITY], "new", "/a.json", "new"),
    ],
    ids=["none is set", "one is set", "by its place", "by name", "a new one"],
)
def test_a_place_belongs_to_one_feed(
    settings: Settings, feeds: list[Any], source: str | None, where: str | None, name: str
) -> None:
    settings.POPFLIX_FEEDS = feeds
    found = feed_to_load(source, where, None)
    assert found.name == name
    assert where is None or found.where == where


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "where", "words"),
    [(None, "/a.json", "Several feeds are set"), ("nope", None, "There is no feed nope"),
     ("x" * 61, "/a.json", "longer than 60")],
    ids=["which one", "unknown", "too long"],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    settings: Settings, source: str | None, where: str | None, words: str
) -> None:
    settings.POPFLIX_FEEDS = [CITY, OTHER]
    with pytest.raises(OperatorError, match=words):
        feed_to_load(source, where, None)


@pytest.mark.django_db
def test_a_given_zone_makes_times_local_and_is_remembered(settings: Settings) -> None:
    settings.POPFLIX_FEEDS = []
    assert feed_to_load("a", "/a.json", "Asia/Kolkata").times is Times.LOCAL
    Source.objects.create(name="a", zone="Asia/Kolkata", times="local")
    assert feed_to_load("a", "/a.json", None) == Feed("a", "/a.json", "Asia/Kolkata", Times.LOCAL)


@pytest.mark.django_db
def test_what_is_set_goes_before_what_was_given_earlier(settings: Settings) -> None:
    settings.POPFLIX_FEEDS = [CITY]
    Source.objects.create(name="city", zone="Europe/Berlin", times="local")
    assert feed_to_load("city", None, None).times is Times.UTC
