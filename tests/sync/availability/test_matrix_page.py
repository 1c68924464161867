"""The matrix of movies and providers: which movies it means, what a cell says, its pages."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from popflix.engine.models import Run
from sync.availability.models import Availability
from sync.availability.screens import looking
from sync.movies.models import Movie
from tests.sync.availability.answers import (
    MATRIX,
    TMDB,
    URL,
    answer,
    client_with,
    movie,
    provider,
    told,
    unknown,
)
from tests.sync.availability.fakes import configured

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def rows(settings: Settings) -> None:
    """1 everywhere; 2 nowhere; 3 nowhere but for what one does not know; 4 unknown; 5 no row."""
    settings.POPFLIX_PROVIDERS = [TMDB, URL]
    for number, watch, harbour in (
        (1, "available", "available"), (2, "unavailable", "unavailable"), (3, "unavailable", ""),
    ):  # fmt: skip
        answer(number, watch, "watch")
        answer(number, harbour, "harbour")
    answer(1, "unavailable", "watch", region="DE")
    unknown(4, "available", "harbour")
    movie(5)


def seen(client: Client, query: str = "") -> list[int]:
    """TMDB's ids in the order of the lines."""
    found = client.get(f"{MATRIX}{query}")
    assert found.status_code == 200
    return [line["movie"].movie.tmdb_id for line in found.context["lines"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("?only=nowhere", [2]),
        ("?only=never", [5]),
        ("?state=available&at=watch", [1]),
        ("?state=unavailable&at=watch:DE", [1]),
        ("?state=unavailable&at=watch", [2, 3]),
        ("?state=unknown&at=harbour", [4]),
        ("?state=not-checked&at=harbour", [3, 5]),
        ("?state=not-checked&at=watch:US", [1, 2, 3, 4, 5]),
        ("?state=available", [1]),  # at the first column
        ("?q=film+2", [2]),
        ("?q=tt0000003", [3]),
        ("?q=4&only=nowhere", []),
        ("?type=tv", []),
        ("?state=tea&at=nowhere&only=tea&type=tea&after=tea", [1, 2, 3, 4, 5]),
        ("?after=1e999:4&q=%00", [1, 2, 3, 4, 5]),
    ],
)
def test_the_matrix_is_narrowed(operator: Client, query: str, expected: list[int]) -> None:
    assert seen(operator, query) == expected


def test_excluded_and_gone_movies_are_left_out(operator: Client) -> None:
    Movie.objects.filter(tmdb_id=1).update(excluded_by="ada", excluded_at=movie(1).created_at)
    Movie.objects.filter(tmdb_id=2).update(upstream_state="gone")
    assert seen(operator) == [3, 4, 5]


def test_a_provider_that_has_not_run_knows_nothing_of_nowhere(
    operator: Client, settings: Settings
) -> None:
    settings.POPFLIX_PROVIDERS = [TMDB, URL, {**URL, "name": "new"}]
    assert seen(operator, "?only=nowhere") == []
    assert seen(operator, "?state=not-checked&at=new") == [1, 2, 3, 4, 5]


def test_a_provider_of_series_alone_is_not_asked_where_a_movie_is(
    operator: Client, settings: Settings
) -> None:
    settings.POPFLIX_PROVIDERS = [TMDB, URL, {**URL, "name": "new", "media_types": ["tv"]}]
    assert seen(operator, "?only=nowhere") == [2]


def test_each_cell_tells_its_age_and_leads_to_its_row(operator: Client) -> None:
    page = operator.get(MATRIX).content.decode()
    for row in Availability.objects.all():
        assert f'href="/admin/sync/availability/{row.pk}/change/"' in page
    text = told(page)
    assert "Movie watch watch, DE watch, US harbour" in text
    assert "Available 4 days ago then unknown 20 min ago : answered 403" in text
    assert "Data by JustWatch" in text


def test_justwatch_is_credited_only_where_its_data_stand(operator: Client) -> None:
    assert "JustWatch" not in operator.get(f"{MATRIX}?provider=harbour").content.decode()


def test_one_provider_has_the_page_for_itself(operator: Client) -> None:
    text = told(operator.get(f"{MATRIX}?provider=harbour").content.decode())
    assert "Movie harbour Again" in text


def test_of_too_many_columns_the_page_says_how_many_are_left_out(
    operator: Client, settings: Settings
) -> None:
    settings.POPFLIX_PROVIDERS = [{**URL, "name": f"p{number:02}"} for number in range(14)]
    assert "12 columns are shown, 2 more are not" in operator.get(MATRIX).content.decode()


def test_without_a_configured_provider_those_that_answered_have_columns(
    operator: Client, settings: Settings
) -> None:
    settings.POPFLIX_PROVIDERS = []
    assert "Movie harbour watch Again" in told(operator.get(MATRIX).content.decode())


def test_where_no_provider_is_known_the_page_says_what_to_do(
    operator: Client, settings: Settings
) -> None:
    settings.POPFLIX_PROVIDERS = []
    Availability.objects.all().delete()
    provider("watch").delete()
    provider("harbour").delete()
    assert "No provider is configured." in operator.get(MATRIX).content.decode()


def test_where_no_movie_is_held_the_page_says_what_fetches_them(operator: Client) -> None:
    Movie.objects.all().delete()
    assert "No movie is held yet." in operator.get(MATRIX).content.decode()
    assert "Nothing matches." in operator.get(f"{MATRIX}?q=tea").content.decode()


def test_pages_follow_each_other_by_popularity_to_those_without_one(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "PER_PAGE", 2)
    Movie.objects.filter(tmdb_id__in=(1, 2)).update(popularity=None)
    Movie.objects.filter(tmdb_id__in=(3, 4)).update(popularity=7.1)
    found, path = [], MATRIX
    while path:
        page = operator.get(path)
        found.append([line["movie"].movie.tmdb_id for line in page.context["lines"]])
        path = page.context["further"] and f"{MATRIX}{page.context['further']}"
    assert found == [[5, 4], [3, 2], [1]]


def test_who_looks_for_few_looks_through_so_many_at_a_time(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "WINDOW", 2)
    monkeypatch.setattr(looking, "MOST_WINDOWS", 1)
    page = operator.get(f"{MATRIX}?only=never")
    assert "None of 2 movies fits so far." in told(page.content.decode())
    page = operator.get(f"{MATRIX}{page.context['further']}")
    page = operator.get(f"{MATRIX}{page.context['further']}")
    assert [line["movie"].movie.tmdb_id for line in page.context["lines"]] == [5]
    assert not page.context["further"]


def test_a_movie_is_checked_again_at_each_provider_also_where_it_has_no_row(
    operator: Client,
) -> None:
    with configured(TMDB, URL):
        path = f"/admin/sync/availability/movie/{movie(5).pk}/recheck/"
        answered = operator.post(path, {"next": MATRIX}, follow=True)
        units = set(Run.objects.values_list("unit", flat=True))
    assert "Film 5 is checked next." in answered.content.decode()
    rows = Availability.objects.filter(movie__tmdb_id=5)
    assert {(row.provider.name, row.lane) for row in rows} == {("watch", 0), ("harbour", 0)}
    assert "check-availability-harbour" in units


@pytest.mark.parametrize(
    ("facts", "providers", "expected"),
    [
        ({"upstream_state": "gone"}, [URL], "gone from TMDB, and not checked"),
        ({}, [], "No provider is asked about it."),
        ({}, [{**URL, "media_types": ["tv"]}], "No provider is asked about it."),
    ],
)
def test_where_nobody_may_be_asked_the_click_says_so(
    operator: Client, settings: Settings, facts: dict[str, str], providers: list[object],
    expected: str,
) -> None:  # fmt: skip
    settings.POPFLIX_PROVIDERS = providers
    key = movie(9, **facts).pk
    path = f"/admin/sync/availability/movie/{key}/recheck/"
    answered = operator.post(path, {"next": MATRIX}, follow=True)
    assert expected in answered.content.decode()
    assert not Availability.objects.filter(movie_id=key).exists()


def test_a_page_asks_as_much_of_twenty_movies_as_of_one(operator: Client) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            operator.get(f"{MATRIX}{query}")
        return len(caught)

    few = {query: queries(query) for query in ("", "?only=nowhere", "?state=unknown&at=harbour")}
    for number in range(10, 30):
        answer(number, "unavailable", "watch")
        answer(number, "unavailable", "harbour")
    many = {query: queries(query) for query in few}
    assert all(many[query] <= few[query] for query in few)
    assert max(few.values()) <= 10


def test_who_may_not_see_availability_is_refused() -> None:
    assert client_with("view_movie").get(MATRIX).status_code == 403
