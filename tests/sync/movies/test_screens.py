"""The pages of movies, as an operator uses them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from popflix.engine.models import Run
from popflix.lib.models import AuditEntry
from sync.movies.crawl_models import Certificate, Crawl
from sync.movies.idset import pack_ids
from sync.movies.models import ImdbConflict, Movie, MovieFetch, MovieRating, StoredPayload
from sync.movies.planner import Plan
from sync.movies.screens import listing, plans
from tests.sync.movies.invented import NOW, movie, tv
from tests.sync.movies.test_import import called, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
LIST = "/admin/sync/movie/"


@pytest.fixture(autouse=True)
def held(tmp_path: Path, settings: Settings) -> None:
    settings.TMDB_API_KEY = ""
    folder = put(
        tmp_path / "kept", movie(1, title="The Glass Harbour"), movie(2, title="Ebb Tide"),
        movie(3, title="Salt", poster_path=None, release_date="", imdb_id="tt00000002"),
    )  # fmt: skip
    put(folder, tv(4), media_type="tv")
    called("import_movies", folder)
    MovieRating.objects.create(
        movie=one(1), source="letterboxd", value=Decimal("3.9"), scale=5, rated_at=NOW
    )
    Movie.objects.filter(tmdb_id=2).update(upstream_state="gone", year=1962)


def one(tmdb_id: int) -> Movie:
    return Movie.objects.get(tmdb_id=tmdb_id)


def listed(client: Client, query: str = "") -> set[int]:
    answer = client.get(f"{LIST}{query}")
    assert answer.status_code == 200
    return {row.tmdb_id for row in answer.context["cl"].result_list}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {1, 2, 3, 4}),
        ("?media_type=tv", {4}),
        ("?upstream_state=gone", {2}),
        ("?year=1962", {2}),
        ("?rated=letterboxd", {1}),
        ("?rated=no-letterboxd", {2, 3, 4}),
        ("?without=poster", {3}),
        ("?without=date", {3}),
        ("?excluded=yes", set()),
        ("?q=the+glass", {1, 4}),
        ("?q=Ebb", {2}),
        ("?q=2", {2}),
        ("?q=tt0000001", {1}),
        ("?q=nothing+such", set()),
    ],
)
def test_the_list_is_narrowed_by_filters_and_search(
    operator: Client, query: str, expected: set[int]
) -> None:
    assert listed(operator, query) == expected


def test_an_excluded_movie_leaves_the_list_until_it_is_asked_for(operator: Client) -> None:
    path = reverse("admin:sync_movie_exclude", args=[one(1).pk])
    operator.post(path, {"why": "not ours"})
    assert listed(operator) == {2, 3, 4}
    assert listed(operator, "?excluded=yes") == {1}
    page = operator.get(reverse("admin:sync_movie_change", args=[one(1).pk])).content.decode()
    assert "not ours" in page
    assert "Refresh now" not in page
    operator.post(reverse("admin:sync_movie_restore", args=[one(1).pk]), {"why": "ours"})
    assert listed(operator) == {1, 2, 3, 4}
    assert set(AuditEntry.objects.filter(actor_name="ada").values_list("action", flat=True)) == {
        "exclude movies", "restore movies",
    }  # fmt: skip


def test_nothing_is_excluded_without_a_reason(operator: Client) -> None:
    path = reverse("admin:sync_movie_exclude", args=[one(1).pk])
    answer = operator.post(path, {"next": LIST}, follow=True)
    assert "A reason is missing." in answer.content.decode()
    assert one(1).excluded_at is None


def test_the_page_tells_why_each_value_is_there(operator: Client, settings: Settings) -> None:
    settings.TMDB_POSTER_SIZE = "w780"
    Movie.objects.filter(tmdb_id=3).update(origins={"title": "operator"})
    page = operator.get(reverse("admin:sync_movie_change", args=[one(3).pk])).content.decode()
    assert "An operator" in page
    assert "What TMDB sent" in page
    assert "&quot;title&quot;: &quot;Salt&quot;" in page
    assert "Data by JustWatch" in page  # the body has watch providers
    page = operator.get(reverse("admin:sync_movie_change", args=[one(1).pk])).content.decode()
    assert "A replay writes" in page
    assert "Letterboxd" in page
    assert "3.9/5" in page
    assert ImdbConflict.objects.exists()
    page = operator.get(reverse("admin:sync_movie_change", args=[one(3).pk])).content.decode()
    assert "Another movie has this IMDb id" in page


def test_a_damaged_payload_is_told_and_breaks_no_page(operator: Client) -> None:
    StoredPayload.objects.update(body=b"x")
    answer = operator.get(reverse("admin:sync_movie_change", args=[one(1).pk]))
    assert "the stored payload is damaged" in answer.content.decode()


def test_refresh_now_makes_it_due_before_all_else(operator: Client, settings: Settings) -> None:
    settings.TMDB_API_KEY = "invented-key"
    path = reverse("admin:sync_movie_refresh", args=[one(1).pk])
    answer = operator.post(path, {"next": LIST}, follow=True)
    run = Run.objects.get(status="queued")
    assert f"Run {run.pk} asks TMDB." in answer.content.decode()
    assert (run.unit, run.params["tmdb_ids"]) == ("import-movies", [1])
    assert MovieFetch.objects.get(tmdb_id=1).lane == 0


def test_ids_are_imported_from_the_list(operator: Client) -> None:
    path = reverse("admin:sync_movie_import")
    answer = operator.post(
        path, {"ids": "603, 604", "media_type": "movie", "next": LIST}, follow=True
    )
    assert "Asked for: 2. TMDB is not asked yet" in answer.content.decode()
    assert MovieFetch.objects.filter(tmdb_id__in=[603, 604], lane=0).count() == 2
    answer = operator.post(path, {"ids": "Heat", "next": LIST}, follow=True)
    assert "is no id of TMDB" in answer.content.decode()


def test_delete_for_good_leads_to_the_list(operator: Client) -> None:
    path = reverse("admin:sync_movie_purge", args=[one(1).pk])
    answer = operator.post(path, {"why": "a mistake"}, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert not Movie.objects.filter(tmdb_id=1).exists()


def test_many_are_done_at_once(operator: Client) -> None:
    chosen = [str(one(number).pk) for number in (1, 2)]
    sent = {"action": "hide", "_selected_action": chosen, "why": "not ours"}
    operator.post(LIST, sent)
    assert Movie.objects.exclude(excluded_at=None).count() == 2
    sent["action"] = "restore"
    operator.post(f"{LIST}?excluded=yes", sent)
    assert not Movie.objects.exclude(excluded_at=None).exists()
    sent["action"] = "refresh"
    operator.post(LIST, sent)
    assert MovieFetch.objects.filter(lane=0).count() == 2


def test_the_wall_shows_posters_of_either_type(operator: Client) -> None:
    path = reverse("admin:sync_movie_wall")
    shown = operator.get(path).content.decode()
    assert "The Glass Harbour" in shown
    assert "Salt" in shown
    assert "No poster" in shown
    assert "Ebb Tide" not in operator.get(path, {"type": "tv", "p": "9" * 30}).content.decode()


def test_the_most_popular_are_found_without_sorting_the_whole_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "_FEW", 0)
    rows = listing.popular_first("movie", live_only=True).filter(popularity__isnull=False)
    plan = rows.order_by("-popularity", "-pk")[:25].explain()
    if connection.vendor == "sqlite":  # a server's planner goes by statistics, too
        assert "movie_by_popularity" in plan
        assert "TEMP B-TREE" not in plan
    assert {row.tmdb_id for row in rows} == {1, 3}


def test_a_wall_without_posters_says_what_fetches_them(operator: Client) -> None:
    Movie.objects.all().delete()
    path = reverse("admin:sync_movie_wall")
    assert "<code>manage.py crawl_movies</code>" in operator.get(path).content.decode()
    assert "crawl_movies --media-type tv" in operator.get(f"{path}?type=tv").content.decode()


def test_what_a_certificate_found_missing_is_queued_with_one_click(
    operator: Client, settings: Settings
) -> None:
    MovieFetch.objects.filter(tmdb_id=2).update(due_at=None)  # asked for before, and purged
    made = Certificate.objects.create(
        export_name="movie_ids_11_01_2026.json.gz", made_at=NOW, in_export=1_204_000, held=2,
        merged=0, gone=0, excluded=0, missing=2, beyond=0, percent=50.0,
        missing_ids=pack_ids([2, 77]),
    )  # fmt: skip
    page = reverse("admin:sync_certificate_change", args=[made.pk])
    told = operator.get(page).content.decode()
    assert "Queue the missing" in told
    assert '<span class="id">77</span>' in told
    listed = operator.get(reverse("admin:sync_certificate_changelist")).content.decode()
    assert f'formaction="/admin/sync/certificate/{made.pk}/queue/"' in listed
    assert ">1,204,000<" in listed
    path = reverse("admin:sync_certificate_queue", args=[made.pk])
    answer = operator.post(path, {"next": page}, follow=True)
    assert "Asked for: 2. TMDB is not asked yet: " in answer.content.decode()
    assert MovieFetch.objects.get(tmdb_id=77).due_at is not None
    assert MovieFetch.objects.get(tmdb_id=2).due_at is None
    settings.TMDB_API_KEY = "invented-key"
    answer = operator.post(path, {"next": page}, follow=True)
    run = Run.objects.get(status="queued")
    assert f"Asked for: 2. Run {run.pk} asks TMDB." in answer.content.decode()
    assert run.unit == "refresh-movies"
    assert AuditEntry.objects.filter(action="queue missing movies", count=2).count() == 2
    assert (
        operator.post(reverse("admin:sync_certificate_queue", args=["9" * 30])).status_code == 302
    )


def test_a_crawl_is_planned_on_a_page_before_it_is_started_there(
    operator: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TMDB_API_KEY = "invented-key"
    planned = Plan("movie_ids.json.gz", 1_234_000, 1_230_000, 0, 0, 38.0, None, ["sync (run 7)"])
    monkeypatch.setattr(plans, "plan", lambda wish, clock: planned)
    assert "Plan a crawl" in operator.get(reverse("admin:sync_crawl_changelist")).content.decode()
    form = reverse("admin:sync_crawl_plan")
    assert "Start this crawl" not in operator.get(form).content.decode()
    asked = {"source": "export", "media_type": "movie", "limit": "", "from_date": ""}
    told = operator.post(reverse("admin:sync_crawl_planned"), asked).content.decode()
    assert "about 1,230,000, at 38.0 a second" in told
    assert operator.get(reverse("admin:sync_crawl_planned"))["Location"] == form  # loaded anew
    assert "9:04:53, up to 18:09:45 beside others" in told
    assert not Run.objects.filter(unit="crawl-movies").exists()
    started = operator.post(reverse("admin:sync_crawl_start"), {**asked, "limit": "500"})
    run = Run.objects.get(unit="crawl-movies")
    assert started["Location"] == reverse("admin:engine_run_change", args=[run.pk])
    assert (run.params["source"], run.params["limit"]) == ("export", 500)
    assert AuditEntry.objects.filter(action="run unit", actor_name="ada").exists()


def test_a_plan_that_makes_no_sense_is_refused_with_its_cure(operator: Client) -> None:
    asked = {"source": "export", "from_date": "2019-01-01"}
    told = operator.post(reverse("admin:sync_crawl_planned"), asked).content.decode()
    assert "from_date" in told or "--from" in told
    assert "Start this crawl" not in told
    path = reverse("admin:sync_crawl_start")
    assert operator.get(path).status_code == 405


def test_a_crawl_tells_what_it_could_not_read(operator: Client) -> None:
    crawl = Crawl.objects.create(source="discover", started_at=NOW, params={"from_date": "1999"})
    crawl.gaps.create(line=7, reason="no JSON", found_at=NOW)
    shown = operator.get(reverse("admin:sync_crawl_change", args=[crawl.pk])).content.decode()
    assert "line 7: no JSON" in shown
    assert "from date: 1999" in shown
