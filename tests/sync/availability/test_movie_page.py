"""Where one movie can be watched, on the movie's own page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.sync.availability.answers import answer, client_with, movie, told, unknown

pytestmark = [pytest.mark.django_db]
SECTION = "Where it can be watched"


def page(client: Client) -> str:
    found = client.get(reverse("admin:sync_movie_change", args=[movie(1).pk]))
    assert found.status_code == 200
    return told(found.content.decode())


def test_each_provider_stands_there_with_age_and_offers(operator: Client) -> None:
    answer(1, "available", "watch")
    offers = {"free": [{"id": 1, "name": "Kinothek"}]}
    answer(1, "available", "watch", region="DE", offers=offers)
    unknown(1, "unavailable", "harbour")
    text = page(operator)
    assert "watch, DE Available 3 h ago 3 h ago Free: Kinothek" in text
    assert "harbour Unavailable 4 days ago unknown, 20 min ago : answered 403" in text
    assert "Data by JustWatch" in text
    assert "Re-check" in text


def test_justwatch_is_not_credited_for_what_others_said(operator: Client) -> None:
    answer(1, "available", "harbour")
    assert "JustWatch" not in page(operator)


def test_before_any_check_it_says_so_and_offers_one(operator: Client) -> None:
    text = page(operator)
    assert "No provider was asked about it yet." in text
    assert f"{SECTION}" in text


def test_who_may_not_see_availability_does_not_see_the_section() -> None:
    answer(1, "available", "harbour")
    text = page(client_with("view_movie", "view_provider"))
    assert SECTION not in text
    assert "harbour" not in text
