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
from popflix.engine.runner import execute
from popflix.engine.runs import create_run
from popflix.lib.addresses import shown_place
from popflix.lib.errors import OperatorError
from reconcile.feed.lease import Lease
from reconcile.feed.load import BATCH_ROWS
from reconcile.feed.models import Cinema, Load
from reconcile.feed.wish import UNIT, clean_params
from reconcile.shows.models import SyncShow
from tests.popflix.engine.fakes import FakeClock
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


# --- a queue run whose turn is over --------------------------------------------------------------


def slow(seconds: float, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each prolongation of the lease while a feed is read takes so long."""
    prolong = Lease.prolong

    def prolonged(lease: Lease) -> None:
        clock.sleep(seconds)
        prolong(lease)

    monkeypatch.setattr(Lease, "prolong", prolonged)


def claimed(clock: FakeClock) -> Run:
    """The run after one claim of it by a worker, whose turn lasts 60 s."""
    run = Run.objects.first() or create_run(
        UNIT, {}, trigger="schedule", clock=clock, status=RunStatus.QUEUED
    )
    Run.objects.filter(pk=run.pk).update(dispatched_at=clock.now())
    execute(run.pk, clock=clock, longest_seconds=60)
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
def test_it_hands_over_between_two_feeds(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows = [[row(n, cinema_id=cinema) for n in range(3)] for cinema in (1, 2)]
    paths = [write(tmp_path / f"{n}.json", some) for n, some in enumerate(shows)]
    settings.POPFLIX_FEEDS = [{"name": path.stem, "url": str(path)} for path in paths]
    clock = FakeClock()
    slow(31, clock, monkeypatch)
    first = claimed(clock)
    assert (first.status, [each["source"] for each in first.result["feeds"]]) == ("waiting", ["0"])
    clock.sleep(5)
    second = claimed(clock)
    assert [each["source"] for each in second.result["feeds"]] == ["0", "1"]
    assert Load.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_feed_that_no_worker_has_the_time_to_read_ends_with_a_cure(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "one.json", rows(50))
    settings.POPFLIX_FEEDS = [{"name": "one", "url": str(path)}]
    monkeypatch.setattr("reconcile.feed.wish.BATCH_ROWS", 10)
    clock = FakeClock()
    slow(30, clock, monkeypatch)
    run = claimed(clock)
    assert run.error.startswith("Reading the feed one takes longer than a worker")
    assert not SyncShow.objects.exists()


def run_once() -> Run:
    with contextlib.suppress(OperatorError):
        manager.run_unit(UNIT)
    return Run.objects.order_by("pk").first() or pytest.fail("no run")
