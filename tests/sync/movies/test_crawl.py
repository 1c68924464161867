"""The crawl against a stand-in TMDB: all that is there comes in, and what does not is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import override_settings

from popflix.lib.errors import OperatorError, UsageError
from popflix.sandbox import Sandbox
from sync.movies.crawl_models import Certificate, Crawl, CrawlState, CrawlWindow
from sync.movies.idset import unpack_ids
from sync.movies.models import Movie, MovieFetch
from tests.sync.movies.crawled import crawl, crawlable, fetches, held, run, those

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
MANY = 1500
# 5 %; a 429 would halve the rate, which is the limiter's to test.
FAULTS = "500=0.02,502=0.01,truncated=0.01,reset=0.01"
MOST_FETCHED = 2


def decent(sandbox: Sandbox, *states: str, **facts: object) -> set[int]:
    """Without what TMDB files as adult."""
    return those(sandbox, *states, **facts) - those(sandbox, *states, adult=True)


def test_the_export_comes_in_whole_and_a_second_crawl_asks_for_nothing_it_holds() -> None:
    with crawlable(MANY, faults=FAULTS, retry_after=0) as sandbox:
        told = crawl()
        assert held() == decent(sandbox, "live", in_export=True)
        assert (told["state"], told["missing"], told["percent"]) == ("done", 0, 100.0)
        assert told["listed"] == len(decent(sandbox, "live", "gone", "merged", in_export=True))
        assert told["requests"] == told["listed"] + told["retries"]
        again = crawl()
        assert (again["requests"], again["new"]) == (0, 0)
        assert Crawl.objects.filter(state=CrawlState.DONE).count() == 2


def test_what_is_gone_or_merged_is_told_apart_from_what_is_missing() -> None:
    with crawlable(300) as sandbox:
        crawl()
        row = Certificate.objects.get()
        assert row.gone == len(decent(sandbox, "gone"))
        assert row.merged == len(decent(sandbox, "merged"))
        for number, film in sandbox.expected_movies().items():
            if film["state"] == "merged":
                work = MovieFetch.objects.select_related("movie").get(tmdb_id=number)
                assert work.movie is not None
                assert (work.movie.tmdb_id, work.due_at) == (film["merged_into"], None)


def test_movies_that_tmdb_drops_or_merges_later_keep_their_rows() -> None:
    with crawlable(300) as sandbox:
        gone, merged = min(those(sandbox, "gone")), min(those(sandbox, "merged"))
        target = sandbox.expected_movies()[merged]["merged_into"]
        for number in (gone, merged):
            Movie.objects.create(
                tmdb_id=number, title="As it was", created_at="2026-01-01T00:00Z",
                updated_at="2026-01-01T00:00Z",
            )  # fmt: skip
        run("refresh_movies", "--tmdb-id", gone, merged)
        assert Movie.objects.get(tmdb_id=gone).upstream_state == "gone"
        row = Movie.objects.get(tmdb_id=merged)
        assert (row.upstream_state, row.merged_into, row.title) == ("merged", target, "As it was")
        assert Movie.objects.get(tmdb_id=target).upstream_state == "live"


def test_adult_titles_come_only_where_asked_for() -> None:
    with crawlable(300) as sandbox:
        told = crawl("--include-adult")
        assert held() == those(sandbox, "live", in_export=True)
        assert told["missing"] == 0


def test_series_come_by_the_same_way() -> None:
    with crawlable(300) as sandbox:
        told = crawl("--media-type", "tv")
        expected = sandbox.expected_movies("tv").values()
        live = {film["id"] for film in expected if film["state"] == "live" and not film["adult"]}
        assert live <= held()
        assert told["missing"] == 0
        assert not Movie.objects.filter(media_type="movie").exists()


def test_discover_reaches_every_dated_title_and_counts_the_undated() -> None:
    with crawlable(MANY, cap=5, drift=0.3, faults=FAULTS, retry_after=0) as sandbox:
        told = crawl("--source", "discover")
        dated = {n for n, film in sandbox.expected_movies().items() if film["date"]}
        listed = decent(sandbox, "live", "unlisted")
        assert listed & dated <= held()
        assert told["undated"] == len(listed - dated)
        assert told["gaps"] == 0
        assert CrawlWindow.objects.filter(state="split").exists()
        row = Certificate.objects.get()
        exported = decent(sandbox, "live", "gone", "merged", in_export=True)
        assert set(unpack_ids(row.missing_ids)) == exported - held()  # nobody has asked for them
        assert set(unpack_ids(row.beyond_ids)) == decent(sandbox, "unlisted") & held()


def test_the_certificate_names_every_hole() -> None:
    with crawlable(300, broken_movies=5) as sandbox, no_patience():
        told = crawl()
        broken = decent(sandbox, "broken")
        assert broken
        films = sandbox.expected_movies()
        broken |= {n for n in decent(sandbox, "merged") if films[n]["merged_into"] in broken}
        assert told["failed"] == len(broken | decent(sandbox, "gone"))
        assert told["missing"] == len(broken)
        measured = run("coverage", expect=3)
        assert set(measured["missing_ids"]) == broken
        assert measured["held"] == len(decent(sandbox, "live", in_export=True))
        letters = MovieFetch.objects.filter(given_up_at__isnull=False)
        assert set(letters.values_list("tmdb_id", flat=True)) == broken


def no_patience() -> override_settings:
    return override_settings(POPFLIX_MAX_ATTEMPTS=1, TMDB_RETRIES=0)


def test_a_start_far_beyond_the_cap_is_refused_before_anything_is_asked() -> None:
    with crawlable(60, cap=500) as sandbox:
        window = ("--source", "discover", "--from", "1990-01-01", "--to", "2020-12-31")
        with pytest.raises(UsageError, match=r"TMDB serves no page beyond 500"):
            crawl(*window, "--start-page", 4345)
        assert not Crawl.objects.exists()
        assert sandbox.report()["requests"] == 0


def test_a_window_that_ends_before_the_start_page_moves_no_cursor() -> None:
    with crawlable(60, cap=500):
        window = ("--source", "discover", "--from", "1990-01-01", "--to", "2020-12-31")
        with pytest.raises(OperatorError, match="no cursor has moved"):
            crawl(*window, "--start-page", 400)
        assert CrawlWindow.objects.get().next_page == 400
        assert not MovieFetch.objects.exists()


def test_a_page_that_tmdb_refuses_stops_the_crawl_with_its_reason() -> None:
    with crawlable(MANY, cap=3), override_settings(TMDB_DISCOVER_PAGES=6):
        with pytest.raises(OperatorError, match="TMDB serves no page"):
            crawl("--source", "discover")
        for window in CrawlWindow.objects.filter(state="pages"):
            assert window.next_page <= 4


def test_a_start_page_reads_the_rest_of_one_window() -> None:
    window = ("--source", "discover", "--from", "1900-01-01", "--to", "2100-12-31")
    with crawlable(100, cap=500):
        whole = crawl(*window)
        MovieFetch.objects.all().delete()
        Movie.objects.all().delete()
        rest = crawl(*window, "--start-page", 2)
        assert rest["listed"] == whole["listed"] - 20


def test_a_start_index_is_a_line_of_the_export() -> None:
    with crawlable(100):
        assert crawl("--start-index", 40, "--dry-run")["listed"] > 40
        told = crawl("--start-index", 40)
        everything = crawl("--dry-run")
        assert told["listed"] == everything["listed"] - 40


def test_a_limit_fetches_so_many_and_the_next_run_goes_on() -> None:
    with crawlable(100) as sandbox:
        told = crawl("--limit", 7)
        assert (told["fetched"] + told["failed"], told["state"]) == (7, "fetching")
        crawl()
        assert Crawl.objects.get().state == CrawlState.DONE
        assert held() == decent(sandbox, "live", in_export=True)
        assert max(fetches(sandbox).values()) <= MOST_FETCHED


def test_a_dry_run_tells_what_a_run_then_sends() -> None:
    with crawlable(300) as sandbox:
        plan = crawl("--dry-run")
        assert not Crawl.objects.exists()
        assert sandbox.report()["by_title"].keys() <= {"export/movie"}
        told = crawl()
        assert abs(plan["requests"] - told["requests"]) <= 0.1 * told["requests"]
        after = crawl("--dry-run")
        assert (after["needed"], after["cached"]) == (0, plan["listed"])


def test_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    with crawlable(60) as sandbox:
        crawl()
        path = tmp_path / "export.json"
        path.write_text(f'{{"id": {min(held())}}}\n{{"id": "none"}}\nno json\n')
        measured = run("coverage", "--export", path)
        assert measured["in_export"] == 1
        assert measured["held"] == 1
        assert min(held()) in those(sandbox, "live")
