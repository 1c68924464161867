"""load-shows as a unit: what it may be asked, and several feeds in one run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from popflix.engine import manager
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import registry
from popflix.lib.addresses import shown_place
from popflix.lib.errors import OperatorError
from reconcile.feed.load import BATCH_ROWS
from reconcile.feed.models import Cinema
from reconcile.feed.wish import UNIT, clean_params
from tests.reconcile.feed.made import row, rows, write

CITY = {"name": "city", "url": "https://feed.example/shows?key=geheim"}


@pytest.fixture(autouse=True)
def _feeds(settings: Settings) -> None:
    settings.POPFLIX_FEEDS = [CITY]


def test_without_parameters_all_feeds_that_are_set_are_loaded() -> None:
    cleaned = clean_params({})
    assert cleaned == {
        "source": None, "where": None, "time_zone": None, "batch_size": BATCH_ROWS
    }  # fmt: skip
    assert clean_params(cleaned) == cleaned


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"feed": "x"}, "There is no parameter feed"),
        ({"source": "nope"}, "There is no feed nope"),
        ({"source": 5}, "source is no text"),
        ({"source": "x" * 61}, "source is too long"),
        ({"where": "-"}, "standard input"),
        ({"where": "shows.json"}, "leads nowhere on another host"),
        ({"where": "https://feed.example/?key=geheim"}, "a password or a query"),
        ({"time_zone": "Mars"}, "time_zone is no time zone"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": True}, "batch_size is True"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_parameter_is_named(params: dict[str, Any], words: str) -> None:
    with pytest.raises(OperatorError) as wrong:
        clean_params(params)
    assert words in wrong.value.cause
    assert "geheim" not in str(wrong.value)


def test_a_feed_is_unknown_where_none_is_set(settings: Settings) -> None:
    settings.POPFLIX_FEEDS = []
    with pytest.raises(OperatorError, match="Set POPFLIX_FEEDS first"):
        clean_params({"source": "city"})


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("https://me:geheim@feed.example:8/a?key=geheim#x", "https://feed.example:8/a"),
        ("http://[broken/a", "http://"),
        ("-", "-"),
        ("/a/b.json", "/a/b.json"),
    ],
    ids=["address", "no address", "standard input", "path"],
)
def test_places_are_shown_without_secrets(where: str, told: str) -> None:
    assert shown_place(where) == told


def test_its_schedule_waits_for_a_feed(settings: Settings) -> None:
    assert registry.get(UNIT).ready() == ""
    settings.POPFLIX_FEEDS = []
    assert registry.get(UNIT).ready()


@pytest.mark.django_db
def test_a_feed_that_is_down_keeps_no_other_waiting(tmp_path: Path, settings: Settings) -> None:
    one = write(tmp_path / "one.json", rows(2))
    settings.POPFLIX_FEEDS = [
        {"name": "gone", "url": str(tmp_path / "gone.json")},
        {"name": "one", "url": str(one)},
    ]
    run = run_once()
    assert "1 of 2 feeds" in run.error
    assert Cinema.objects.get().source == "one"


@pytest.mark.django_db
def test_a_run_tells_what_became_of_each_feed(tmp_path: Path, settings: Settings) -> None:
    path = write(tmp_path / "one.json", [row(), row(), row(1, movie_ID=None)])
    settings.POPFLIX_FEEDS = [{"name": "one", "url": str(path)}]
    run = run_once()
    assert run.status == RunStatus.COMPLETED
    (told,) = run.result["feeds"]
    assert [told[name] for name in ("read", "staged", "merged", "quarantined", "inserted")] == [
        3, 1, 1, 1, 1
    ]  # fmt: skip
    assert run.done_count == 3


def run_once() -> Run:
    with contextlib.suppress(OperatorError):
        manager.run_unit(UNIT)
    return Run.objects.order_by("pk").first() or pytest.fail("no run")
