"""Listing an export: odd lines, damaged files, and another run that lists already."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from popflix.engine.deadletters.sources import find
from popflix.engine.models import Run, RunStatus
from popflix.lib.errors import OperatorError
from sync.movies.crawl_models import Crawl, CrawlGap
from sync.movies.export_file import export_name
from sync.movies.models import MovieFetch
from tests.sync.movies.crawled import crawl, crawlable, run, those

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def lay_down(packed: bytes) -> Path:
    """Today's export, as if it had been downloaded."""
    path = Path(settings.POPFLIX_VAR) / "exports" / export_name("movie", timezone.now().date())
    path.parent.mkdir(parents=True)
    path.write_bytes(packed)
    return path


def test_lines_that_cannot_be_read_are_gaps_and_the_others_come_in() -> None:
    with crawlable(60) as sandbox:
        good = sorted(those(sandbox, "live"))[:2]
        lines = [f'{{"id": {good[0]}}}', "no json", '{"id": -1}', f'{{"id": {good[1]}}}', ""]
        lay_down(gzip.compress("\n".join(lines).encode()))
        told = crawl()
        assert (told["listed"], told["fetched"], told["gaps"]) == (2, 2, 2)
        assert list(CrawlGap.objects.values_list("line", flat=True)) == [1, 2]
        assert Crawl.objects.get().cursor == 4
        measured = run("coverage")
        assert (measured["missing"], measured["gap_count"]) == (0, 2)


def test_a_damaged_export_moves_no_cursor_and_names_the_file() -> None:
    with crawlable(60):
        path = lay_down(gzip.compress(b'{"id": 1}\n' * 9)[:-12])
        with pytest.raises(OperatorError, match="cannot be read behind line"):
            crawl()
        assert Crawl.objects.get().cursor == 0
        assert not MovieFetch.objects.exists()
        path.unlink()
        assert crawl()["state"] == "done"  # the same crawl, with the file anew
        assert Crawl.objects.count() == 1


def test_yesterdays_export_does_where_todays_is_not_there_yet() -> None:
    with crawlable(60, export_hour=24):
        told = crawl()
        assert (told["state"], told["missing"]) == ("done", 0)
        yesterday = timezone.now().date() - dt.timedelta(days=1)
        assert Crawl.objects.get().export_name == export_name("movie", yesterday)


def test_a_second_run_does_not_list_the_same_beside_the_first() -> None:
    with crawlable(60):
        other = Run.objects.create(
            unit="crawl-movies", status=RunStatus.RUNNING, trigger="queue",
            active_key="crawl-movies:1", slot=1, queued_at=timezone.now(),
            lease_until=timezone.now() + dt.timedelta(seconds=60),
        )  # fmt: skip
        Crawl.objects.create(source="export", run=other, started_at=timezone.now())
        with pytest.raises(OperatorError, match=f"Run {other.pk} is listing"):
            crawl()


def test_movies_that_were_given_up_are_dead_letters() -> None:
    source = find("movies")
    MovieFetch.objects.create(
        tmdb_id=7, asked_by="export", first_seen_at=timezone.now(), failure_kind="gave_up",
        error_group="TMDB answered", last_error="TMDB answered 500", given_up_at=timezone.now(),
    )  # fmt: skip
    (group,) = source.groups()
    assert (group.count, source.unit) == (1, "refresh-movies")
