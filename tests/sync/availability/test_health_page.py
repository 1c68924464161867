"""How a provider does: its last 24 hours, mirrors, controls, pause, and what is left to check."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from popflix.engine.models import Pause
from popflix.lib.limiter.survey import BucketView
from sync.availability import health
from sync.availability.health import Figures, read_all, read_health
from sync.availability.models import Provider, ProviderHour
from sync.availability.screens.told import milliseconds, per_second, percent
from tests.sync.availability import configs
from tests.sync.availability.answers import (
    TMDB,
    URL,
    ago,
    answer,
    client_with,
    provider,
    told,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, 20, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def providers(settings: Settings) -> None:
    settings.POPFLIX_PROVIDERS = [TMDB, URL]


def hour(
    back: int, mirror: str = "", at: str = "harbour", now: dt.datetime = NOW, **sums: int
) -> None:
    when = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=back)
    ProviderHour.objects.create(provider=provider(at), mirror=mirror, hour=when, **sums)


def page(client: Client, name: str = "harbour") -> str:
    path = reverse("admin:sync_provider_change", args=[provider(name).pk])
    found = client.get(path)
    assert found.status_code == 200
    return told(found.content.decode())


def test_a_list_is_read_as_a_whole_and_has_no_rate(operator: Client, settings: Settings) -> None:
    settings.POPFLIX_PROVIDERS = [{**configs.LIST, "name": "harbour-list"}]
    answer(1, at="harbour-list", due_at=NOW)
    text = page(operator, "harbour-list")
    assert "Rate the list is read as a whole" in text
    assert "Takes moments, once the list is read" in text
    assert "a second" not in text


def test_tmdb_is_told_with_the_rate_that_all_who_ask_it_share(
    operator: Client, settings: Settings
) -> None:
    settings.TMDB_RATE_PER_SECOND = 38
    text = page(operator, "watch")
    assert "At most 38 a second together with all that asks TMDB, 4 at once" in text
    assert "Rate 38 a second" in text
    assert "a check without a request, and not counted here" in text


def paused(**facts: Any) -> Pause:
    given = {
        "unit": "check-availability-harbour", "holder": "machine", "at": ago(minutes=4.5),
        "by": "run 12", "why": "The controls of harbour disagree.",
        "condition": "provider-controls", "check_at": ago(minutes=-3.5), **facts,
    }  # fmt: skip
    return Pause.objects.create(**given)


# --- what is read -------------------------------------------------------------------------------


def test_24_hours_are_added_up_and_older_ones_are_not() -> None:
    hour(0, "m1", available_count=6, unknown_count=2, answer_ms=800, slowest_ms=300)
    hour(23, "m1", unavailable_count=2, answer_ms=200, slowest_ms=120, limited_count=3)
    hour(23, "m2", unknown_count=10, fault_count=4)
    hour(24, "m2", unknown_count=500)
    hour(0, at="watch", available_count=900)
    found = read_health(provider("harbour"), NOW)
    assert (found.day.check_count, found.day.known_count, found.day.unknown_count) == (20, 8, 12)
    assert (found.day.unknown_percent, found.day.mean_ms, found.day.slowest_ms) == (60.0, 125, 300)
    assert (found.day.limited_count, found.day.fault_count) == (3, 4)
    assert found.day.has_many_unknown
    assert {name: each.check_count for name, each in found.by_mirror.items()} == {
        "m1": 10, "m2": 10,
    }  # fmt: skip
    assert len(found.by_hour) == 24
    assert [each.check_count for _, each in found.by_hour if each.check_count] == [12, 8]
    assert found.by_hour[-1][0] == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_of_nothing_nothing_is_claimed() -> None:
    figures = read_health(provider("harbour"), NOW).day
    assert (figures.unknown_percent, figures.mean_ms, figures.has_many_unknown) == (None,) * 2 + (
        False,
    )


def test_of_few_checks_their_share_says_nothing() -> None:
    assert not Figures(unknown_count=19).has_many_unknown
    assert Figures(unknown_count=20).has_many_unknown


def test_what_is_due_takes_its_time_at_the_rate_in_force(settings: Settings) -> None:
    for number in range(1, 7):
        answer(number, due_at=NOW - dt.timedelta(minutes=number))
    answer(7, due_at=NOW + dt.timedelta(minutes=1))
    answer(8, at="watch", due_at=NOW)
    found = read_health(provider("harbour"), NOW)
    assert (found.due_count, found.eta_seconds) == (6, 3.0)


def test_a_rate_that_was_cut_counts_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = BucketView("provider:harbour", 0.5, 2.0, "429 from m1")
    monkeypatch.setattr(health, "survey", lambda: [cut])
    answer(1, due_at=NOW)
    found = read_health(provider("harbour"), NOW)
    assert found.rate is not None
    assert (found.rate.now, found.eta_seconds) == (0.5, 2.0)


def test_a_paused_provider_has_no_end_that_anybody_knows() -> None:
    answer(1, due_at=NOW)
    paused()
    paused(unit="check-availability-watch")
    found = read_health(provider("harbour"), NOW)
    assert (len(found.pauses), found.eta_seconds) == (1, None)


def test_many_providers_take_as_many_queries_as_one() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            read_all(list(Provider.objects.all()), NOW)
        return len(caught)

    provider("harbour")
    few = queries()
    for number in range(9):
        provider(f"p{number}")
    assert queries() == few <= 5


# --- what is told -------------------------------------------------------------------------------


def test_the_page_tells_the_day_and_each_mirror(operator: Client) -> None:
    now = ago(hours=0)
    hour(1, "m1.example", now=now, available_count=900, unknown_count=100, answer_ms=2_400_000,
         slowest_ms=4_300, control_count=8, control_wrong_count=3, limited_count=40,
         refused_count=5)  # fmt: skip
    hour(2, "m2.example", now=now, unavailable_count=1000, answer_ms=85_000, slowest_ms=400)
    text = page(operator)
    assert "Checks 2,000 Unknown 5 % Mean answer 1.3 s Slowest 4.3 s Limited (429) 40" in text
    assert "Controls wrong 3 of 8" in text
    assert "m1.example 1,000 10 % 2.7 s 4.3 s 40 5 0 3 of 8" in text
    assert "m2.example 1,000 0 % 85 ms 400 ms 0 0 0 0 of 0" in text


def test_the_pause_stands_there_with_its_reason_and_what_ends_it(operator: Client) -> None:
    paused()
    Provider.objects.filter(pk=provider("harbour").pk).update(
        controls_at=ago(minutes=4.5), controls_agree=False,
        controls_told="901 ought to be available, and is not.",
    )  # fmt: skip
    text = page(operator)
    assert "Paused by run 12 4 min ago : The controls of harbour disagree." in text
    assert "once provider-controls holds; that is asked again in 3 min ." in text
    assert "Controls Disagree 4 min ago" in text
    assert "Expected and found 901 ought to be available, and is not." in text
    assert "Takes it is paused" in text


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "Controls Never asked"),
        ({"controls_at": NOW, "controls_agree": None}, "Controls Could not be asked"),
        ({"controls_at": NOW, "controls_agree": True}, "Controls Agree"),
    ],
)
def test_the_controls_are_told_as_they_came_out(
    operator: Client, facts: dict[str, Any], expected: str
) -> None:
    provider("harbour", **facts)
    assert expected in page(operator)


def test_tmdb_needs_no_controls_and_credits_justwatch(operator: Client) -> None:
    text = page(operator, "watch")
    assert "none needed: its answers say what they mean" in text
    assert "Regions DE, US" in text
    assert "Data by JustWatch" in text
    assert "JustWatch" not in page(operator, "harbour")


def test_how_it_is_asked_is_told(operator: Client) -> None:
    text = page(operator)
    assert "At most 2 a second, 4 at once" in text
    assert "after 6 h, before an answer that is known changes" in text
    assert "available: 901; unavailable: 801" in text


def test_a_provider_that_is_configured_no_longer_says_so(
    operator: Client, settings: Settings
) -> None:
    settings.POPFLIX_PROVIDERS = []
    answer(1, due_at=ago(hours=1))
    text = page(operator)
    assert "POPFLIX_PROVIDERS does not name it" in text
    assert "Due now 1" in text
    assert "Takes nobody can say" in text


def test_a_setting_that_cannot_be_read_breaks_no_page(
    operator: Client, settings: Settings
) -> None:
    provider("harbour")
    settings.POPFLIX_PROVIDERS = [{"name": "harbour", "kind": "tea"}]
    assert "does not name it" in page(operator)
    assert operator.get("/admin/sync/availability/matrix/").status_code == 200
    assert operator.get("/admin/sync/provider/").status_code == 200


def test_of_very_many_due_rows_the_time_is_the_least(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "MOST_DUE", 2)
    for number in range(1, 5):
        answer(number, due_at=ago(hours=number))
    assert "Takes at least 1.0 s" in page(operator)


def test_the_list_tells_how_each_one_stands(operator: Client, settings: Settings) -> None:
    settings.POPFLIX_PROVIDERS = [TMDB, URL, {**URL, "name": "new"}, {**URL, "name": "slow"}]
    hour(1, now=ago(hours=0), available_count=10)
    hour(1, now=ago(hours=0), at="slow", available_count=10, unknown_count=30)
    provider("watch")
    provider("club")
    text = told(operator.get("/admin/sync/provider/").content.decode())
    assert "harbour Goes on Never asked 10 0 %" in text
    assert "slow Many unknown Never asked 40 75 %" in text
    assert "watch At rest none needed 0 – – 0 nothing is due" in text
    assert "club Not configured" in text
    assert "Configured, and not asked yet: new ." in text
    paused()
    assert "harbour Paused" in told(operator.get("/admin/sync/provider/").content.decode())


def test_a_provider_can_only_be_looked_at(operator: Client) -> None:
    path = reverse("admin:sync_provider_change", args=[provider("harbour").pk])
    assert operator.post(path, {"name": "other"}).status_code == 403
    assert client_with("view_availability").get(path).status_code == 403
    assert operator.get("/admin/sync/provider/0/change/", follow=True).status_code == 200


def test_figures_are_told_as_people_read_them() -> None:
    assert [percent(each) for each in (None, 0.0, 12.5, 100.0)] == ["–", "0 %", "12.5 %", "100 %"]
    assert [milliseconds(each) for each in (None, 85, 1240)] == ["–", "85 ms", "1.2 s"]
    assert [per_second(each) for each in (2.0, 0.25, 19.2, 40.0)] == ["2", "0.25", "19.2", "40"]
