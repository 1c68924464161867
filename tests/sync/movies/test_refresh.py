"""The refresh: what changed upstream, what is old, what an operator names."""

from __future__ import annotations

import datetime as dt

import pytest
import requests
from django.test import override_settings

from popflix.engine.models import Lane
from popflix.lib.errors import UsageError
from popflix.sandbox import Sandbox
from sync.movies.crawl_models import Crawl, CrawlWindow
from sync.movies.models import Movie, MovieFetch
from tests.sync.movies.crawled import crawl, crawlable, fetches, held, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
DAY = dt.timedelta(days=1)


def refresh(*arguments: object) -> dict[str, object]:
    return run("refresh_movies", *arguments)


def age(days: int) -> None:
    """As if all had been fetched so long ago."""
    for movie in Movie.objects.all():
        assert movie.fetched_at is not None
        movie.fetched_at -= days * DAY
        movie.save(update_fields=["fetched_at"])


def test_changed_movies_are_fetched_again_and_others_are_not() -> None:
    with crawlable(200) as sandbox:
        crawl()
        age(3)
        before = dict(Movie.objects.values_list("tmdb_id", "payload_id"))
        sandbox.set_movies(revision=2)
        sandbox.reset()
        told = refresh()
        changed = {
            number
            for number, payload in Movie.objects.values_list("tmdb_id", "payload_id")
            if before.get(number) != payload
        }
        assert changed
        assert changed <= set(fetches(sandbox))
        assert told["changed"] == told["requests"] - 2 - told["retries"]  # type: ignore[operator]


def test_a_change_of_a_movie_that_was_purged_or_excluded_asks_for_nothing() -> None:
    with crawlable(200) as sandbox:
        crawl()
        age(3)
        sandbox.set_movies(revision=2)
        changed = sorted(held() & set(sandbox_changes(sandbox)))[:2]
        for number, more in zip(changed, (["--purge"], []), strict=True):
            run("delete_movie", number, "--why", "not ours", *more)
        sandbox.reset()
        refresh()
        assert len(changed) == 2
        assert not fetches(sandbox).keys() & set(changed)
        assert set(
            MovieFetch.objects.filter(tmdb_id__in=changed).values_list("due_at", flat=True)
        ) == {None}


def sandbox_changes(sandbox: Sandbox) -> list[int]:
    """What the feed names as changed today."""
    today = dt.datetime.now(dt.UTC).date()
    asked = requests.get(
        f"{sandbox.url}/movie/changes",
        {"api_key": "invented-key", "start_date": str(today), "end_date": str(today)},
        timeout=10,
    )
    return [each["id"] for each in asked.json()["results"]]


def test_the_next_refresh_goes_on_from_the_last_day_that_was_read() -> None:
    with crawlable(60):
        refresh()
        first = Crawl.objects.get()
        assert first.windows.count() == 2
        refresh()
        second = Crawl.objects.latest("id")
        assert second.windows.count() == 1  # today again: it was not over
        Crawl.objects.update(until=first.until - 5 * DAY)  # type: ignore[operator]
        refresh()
        assert Crawl.objects.latest("id").windows.count() == 6
        Crawl.objects.update(until=first.until - 40 * DAY)  # type: ignore[operator]
        refresh()
        assert Crawl.objects.latest("id").windows.count() == 14


def test_what_nothing_asks_for_is_fetched_before_it_grows_too_old() -> None:
    with crawlable(60) as sandbox:
        crawl()
        MovieFetch.objects.update(due_at=None)
        age(170)
        young = Movie.objects.order_by("id").first()
        assert young is not None
        excluded = Movie.objects.order_by("id").last()
        assert excluded is not None
        Movie.objects.filter(pk=excluded.pk).update(excluded_at=young.created_at)
        sandbox.reset()
        assert refresh()["aged"]
        assert held() - {excluded.tmdb_id} <= set(fetches(sandbox))
        assert excluded.tmdb_id not in fetches(sandbox)
        again = refresh()
        assert again["aged"] == 0


def test_movies_fall_due_by_their_age_the_young_ones_first() -> None:
    with crawlable(200):
        crawl()
        for work in MovieFetch.objects.filter(failure_kind="").select_related("movie"):
            if work.movie is None or work.movie.tmdb_id != work.tmdb_id:
                continue
            assert work.due_at is not None
            assert work.movie.fetched_at is not None
            wait = work.due_at - work.movie.fetched_at
            assert 12 * DAY <= wait <= 150 * DAY
            released = work.movie.release_date
            if released and abs(released - work.movie.fetched_at.date()) < 100 * DAY:
                assert wait <= 14 * DAY


def test_named_ids_are_fetched_alone_and_before_all_else() -> None:
    with crawlable(60) as sandbox:
        crawl("--limit", 5)
        some = sorted(sandbox.expected_movies())[-3:]
        sandbox.reset()
        told = refresh("--tmdb-id", *some)
        assert fetches(sandbox).keys() <= set(some)
        assert told["requests"] == 3
        lanes = MovieFetch.objects.filter(tmdb_id__in=some).values_list("lane", flat=True)
        assert set(lanes) == {Lane.BACKFILL}  # the click is spent


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no id"):
        refresh("--tmdb-id", 0)


def test_a_dry_run_asks_nothing() -> None:
    with crawlable(60) as sandbox:
        crawl("--limit", 5)
        sandbox.reset()
        told = refresh("--dry-run")
        assert told["due"] == MovieFetch.objects.filter(lane=Lane.BACKFILL).count() - 5
        assert sandbox.report()["requests"] == 0
        assert not CrawlWindow.objects.exists()


def test_a_day_that_cannot_be_read_is_read_by_the_next_refresh() -> None:
    with crawlable(60, faults={"500": 1.0}, fault_limit=1), impatient():
        refresh()
        assert Crawl.objects.get().state == "listing"
        gaps = Crawl.objects.get().gaps
        assert gaps.filter(resolved_at=None).exists()
        while Crawl.objects.get().state != "done":  # every second question is answered
            refresh()
        assert not gaps.filter(resolved_at=None).exists()
        assert {window.state for window in CrawlWindow.objects.all()} == {"done"}


def impatient() -> override_settings:
    return override_settings(TMDB_RETRIES=0, POPFLIX_MAX_ATTEMPTS=1)
