"""The pages of cinemas, loads, staging and master: looked at, found by number or beginning."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reconcile.feed.models import Cinema, Load, LoadState, Source
from reconcile.shows.models import MasterShow, SyncShow

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 1, 28, 18, 30, tzinfo=dt.UTC)
LISTS = ("cinema", "load", "syncshow", "mastershow")
# The session, the user, the count, the rows; of shows also their cinemas and sources, of master
# the locks, too; of cinemas the sources and the next shows.
QUERIES = {"cinema": 6, "load": 4, "syncshow": 8, "mastershow": 7}


def fill(count: int) -> None:
    Source.objects.get_or_create(name="city", zone="Asia/Kolkata")
    for number in range(1, count + 1):
        cinema = Cinema.objects.create(
            pk=number, name=f"Cinema {number}", source="city", first_seen_at=NOW, last_seen_at=NOW
        )
        Load.objects.create(source="city", where="/a", state=LoadState.LOADED, started_at=NOW)
        for model in (SyncShow, MasterShow):
            model._default_manager.create(
                movie_id=f"HO{number:03d}", cinema_id=cinema.pk, screen_name="AUDI 1",
                show_time=NOW, title=f"Film {number}",
            )  # fmt: skip


def page(client: Client, name: str, **query: Any) -> str:
    return client.get(f"/admin/reconcile/{name}/", query).content.decode()


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("count", [1, 20])
def test_a_list_takes_the_same_queries_for_any_number_of_rows(
    operator: Client, django_assert_num_queries: DjangoAssertNumQueries, name: str, count: int
) -> None:
    fill(count)
    page(operator, name)
    with django_assert_num_queries(QUERIES[name]):
        assert page(operator, name).count("field-id") == count


@pytest.mark.parametrize("name", ["syncshow", "mastershow"])
def test_a_show_tells_its_time_in_utc_and_there(operator: Client, name: str) -> None:
    fill(1)
    shown = page(operator, name)
    assert "2026-01-28 18:30" in shown
    assert "2026-01-29 00:00" in shown
    key = (SyncShow if name == "syncshow" else MasterShow)._default_manager.get().pk
    one = page(operator, f"{name}/{key}/change")
    assert "2026-01-29 00:00" in one
    assert "Cinema 1" in one


def test_a_show_of_a_cinema_that_no_feed_named_is_shown_by_its_number(operator: Client) -> None:
    fill(1)
    Cinema.objects.all().delete()
    assert "2026-01-28 18:30" in page(operator, "syncshow")


@pytest.mark.parametrize(
    ("name", "term", "found"),
    [
        ("cinema", "12", ["Cinema 12<"]),
        ("cinema", "Cinema 12", ["Cinema 12<"]),
        ("cinema", "Nothing", []),
        ("syncshow", "9999999999999", []),
        ("mastershow", "HO01", [f"Film {number}<" for number in range(10, 13)]),
        ("mastershow", "ho01", []),
    ],
    ids=lambda value: str(value)[:20],
)
def test_rows_are_found_by_number_and_by_beginning(
    operator: Client, name: str, term: str, found: list[str]
) -> None:
    fill(12)
    shown = page(operator, name, q=term)
    assert all(each in shown for each in found)
    assert "Cinema 2<" not in shown
    assert "Film 2<" not in shown


def test_loads_are_found_by_feed(operator: Client) -> None:
    fill(2)
    Load.objects.create(source="other", where="/b", state=LoadState.HELD, started_at=NOW)
    shown = page(operator, "load", q="other")
    assert "Held" in shown
    assert "Loaded" not in shown


def test_the_shows_of_a_cinema_are_one_click_away(operator: Client) -> None:
    fill(2)
    assert "/admin/reconcile/syncshow/?q=2" in page(operator, "cinema/2/change")
    shown = page(operator, "syncshow", q="2")
    assert "Film 2<" in shown


@pytest.mark.parametrize("name", LISTS)
def test_nobody_adds_changes_or_deletes_here(operator: Client, name: str) -> None:
    fill(1)
    assert operator.get(f"/admin/reconcile/{name}/add/").status_code == 403
    assert operator.post(f"/admin/reconcile/{name}/1/delete/", {"post": "yes"}).status_code == 403
