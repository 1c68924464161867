"""The process that keeps the catalogue: a crawl, then a refresh, once somebody has crawled it."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from popflix.engine import registry
from popflix.engine.models import Run, RunStatus
from sync.movies.campaign import CRAWL, KEPT, REFRESH
from sync.movies.crawl_models import Crawl, CrawlState
from sync.movies.models import Movie
from tests.sync.movies.crawled import crawl, crawlable, fetches

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_timetable_keeps_the_catalogue_only_once_it_was_crawled() -> None:
    kept = registry.get(KEPT)
    assert kept.timetable is not None
    with crawlable(30):
        assert kept.ready() == (
            "Nobody has crawled the catalogue yet: python manage.py crawl_movies."
        )
        crawl()
        assert kept.ready() == ""


def test_it_crawls_and_then_refreshes_what_changed() -> None:
    with crawlable(80) as sandbox:
        crawl()
        sandbox.set_movies(revision=2)
        call_command("run_unit", KEPT, stdout=io.StringIO(), stderr=io.StringIO())
        steps = Run.objects.filter(parent__unit=KEPT).order_by("pk")
        assert list(steps.values_list("unit", "status")) == [
            (CRAWL, RunStatus.COMPLETED), (REFRESH, RunStatus.COMPLETED),
        ]  # fmt: skip
        assert Crawl.objects.filter(state=CrawlState.DONE).count() == 3  # the changes' is one
        again = {number for number, count in fetches(sandbox).items() if count > 1}
        changed = set(Movie.objects.filter(title__contains="(Cut 2)").values_list("tmdb_id"))
        assert changed
        assert {number for (number,) in changed} <= again
