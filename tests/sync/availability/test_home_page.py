"""What home shows of availability: the checks of a day, and what needs a person."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from popflix.console.home import needs
from popflix.engine.models import Pause
from sync.availability.models import ProviderHour
from sync.availability.screens.panel import availability_needs
from tests.sync.availability.answers import URL, ago, client_with, provider, told

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def checked(name: str, known: int, unknown: int) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=2)
    ProviderHour.objects.create(
        provider=provider(name), hour=hour, available_count=known, unknown_count=unknown
    )


def pause(name: str, **facts: str) -> None:
    given = {
        "unit": f"check-availability-{name}", "holder": "machine", "by": "run 12",
        "why": f"The controls of {name} disagree.", "condition": "provider-controls", **facts,
    }  # fmt: skip
    Pause.objects.create(at=ago(minutes=4), **given)


def test_a_provider_whose_controls_disagree_needs_a_person() -> None:
    key = provider("harbour").pk
    pause("harbour")
    [need] = availability_needs(timezone.now())
    assert need.text == "harbour is not asked: its controls disagree"
    assert need.why == "The controls of harbour disagree."
    assert need.href == reverse("admin:sync_provider_change", args=[key])


def test_it_is_told_once_in_the_words_of_availability() -> None:
    provider("harbour")
    pause("harbour")
    told_all = needs.needs(timezone.now(), User(is_superuser=True))
    assert [each.text for each in told_all if "harbour" in f"{each.text} {each.why}"] == [
        "harbour is not asked: its controls disagree"
    ]


def test_an_operators_own_pause_is_none_of_them() -> None:
    provider("harbour")
    pause("harbour", holder="operator", condition="")
    assert availability_needs(timezone.now()) == []


def test_many_unknown_checks_need_a_person_and_few_do_not() -> None:
    checked("harbour", 60, 40)
    checked("club", 99, 1)
    [need] = availability_needs(timezone.now())
    assert need.text == "harbour leaves many checks unknown: 40 %"
    assert "Of 100 checks in 24 h" in need.why


def test_a_provider_that_is_paused_is_not_told_twice() -> None:
    checked("harbour", 0, 400)
    pause("harbour")
    assert len(availability_needs(timezone.now())) == 1


def test_home_shows_the_checks_of_a_day(operator: Client) -> None:
    checked("harbour", 960, 40)
    found = operator.get(reverse("console_panel", args=["availability"])).content.decode()
    assert "Availability checks 1,000" in told(found)
    assert "4 % unknown." in told(found)
    assert reverse("admin:sync_availability_matrix") in found


def test_home_tells_what_to_do_where_nothing_is_checked(
    operator: Client, settings: Settings
) -> None:
    path = reverse("console_panel", args=["availability"])
    settings.POPFLIX_PROVIDERS = []
    page = told(operator.get(path).content.decode())
    assert "No provider is configured: name one in POPFLIX_PROVIDERS ." in page
    settings.POPFLIX_PROVIDERS = [URL]
    assert "Nothing was checked in 24 h." in told(operator.get(path).content.decode())


def test_no_link_leads_where_one_may_not_go() -> None:
    path = reverse("console_panel", args=["availability"])
    page = client_with("view_provider").get(path).content.decode()
    assert reverse("admin:sync_provider_changelist") in page
    assert reverse("admin:sync_availability_matrix") not in page


def test_who_may_not_see_providers_sees_no_panel() -> None:
    client = client_with("view_movie")
    assert client.get(reverse("console_panel", args=["availability"])).status_code in (403, 404)
    assert "Availability checks" not in client.get("/admin/").content.decode()
