"""/discover and /changes: pages, windows, the cap, and films that drift between pages."""

from __future__ import annotations

import pytest

from popflix.sandbox.movies_listing import PAGE
from tests.popflix.sandbox.catalogues import get, listed, movie_desk, told
from tests.popflix.sandbox.desks import ask

DESK = movie_desk(300)
RIGHT = told(DESK)
ITEM_KEYS = {
    "adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title",
    "overview", "popularity", "poster_path", "release_date", "softcore", "title", "video",
    "vote_average", "vote_count",
}  # fmt: skip
EVER = {"primary_release_date.gte": "1800-01-01", "primary_release_date.lte": "2100-01-01"}


def test_the_list_holds_what_is_listed_and_no_adults() -> None:
    found = [item["id"] for item in listed(DESK)]
    assert len(found) == len(set(found))
    assert set(found) == {
        number for number, film in RIGHT.items() if film["in_discover"] and not film["adult"]
    }
    with_adults = {item["id"] for item in listed(DESK, include_adult="true")}
    assert {RIGHT[number]["adult"] for number in with_adults - set(found)} == {True}


def test_an_item_has_the_real_ones_keys() -> None:
    item = next(item for item in listed(DESK) if "release_date" in item)
    assert set(item) == ITEM_KEYS


def test_the_usual_order_is_by_popularity() -> None:
    popularity = [item["popularity"] for item in listed(DESK)]
    assert popularity == sorted(popularity, reverse=True)
    assert listed(DESK, sort_by="popularity.desc") == listed(DESK, sort_by="of.no.kind")


def test_by_date_the_undated_come_last() -> None:
    dates = [item.get("release_date") for item in listed(DESK, sort_by="primary_release_date.asc")]
    dated = [date for date in dates if date]
    assert dated == sorted(dated)
    assert not any(dates[len(dated) :])
    down = listed(DESK, sort_by="primary_release_date.desc")
    assert [item.get("release_date") for item in down if item.get("release_date")] == dated[::-1]


def test_no_undated_film_is_in_a_window() -> None:
    found = {item["id"] for item in listed(DESK, **EVER)}
    everything = {item["id"] for item in listed(DESK)}
    assert {RIGHT[number]["date"] or "" for number in everything - found} == {""}
    assert all(RIGHT[number]["date"] for number in found)


def test_a_window_holds_both_its_days() -> None:
    date = next(film["date"] for film in RIGHT.values() if film["date"] and film["in_discover"])
    window = {"primary_release_date.gte": date, "primary_release_date.lte": date}
    found = listed(DESK, include_adult="true", **window)
    assert found
    assert {item["release_date"] for item in found} == {date}
    none = {"primary_release_date.gte": "2000-01-02", "primary_release_date.lte": "2000-01-01"}
    got = get(DESK, "/3/discover/movie", **none).body
    assert (got["results"], got["total_results"], got["total_pages"]) == ([], 0, 1)


def test_windows_that_touch_hold_each_dated_film_once() -> None:
    years = [
        {"primary_release_date.gte": f"{first}-01-01", "primary_release_date.lte": f"{last}-12-31"}
        for first, last in ((1900, 1979), (1980, 2009), (2010, 2030))
    ]
    found = [item["id"] for window in years for item in listed(DESK, **window)]
    assert sorted(found) == sorted(item["id"] for item in listed(DESK, **EVER))


def test_series_are_listed_by_their_own_names() -> None:
    right = told(DESK, "tv")
    found = listed(DESK, "tv", **{"first_air_date.gte": "1800-01-01"})
    assert {item["id"] for item in found} == {
        number
        for number, series in right.items()
        if series["in_discover"] and series["date"] and not series["adult"]
    }
    assert all({"name", "first_air_date"} <= set(item) for item in found)


def test_a_list_can_be_narrowed_by_language_and_by_votes() -> None:
    french = listed(DESK, with_original_language="fr")
    assert {item["original_language"] for item in french} == {"fr"}
    few = listed(DESK, **{"vote_count.lte": "999"})
    many = listed(DESK, **{"vote_count.gte": "1000"})
    assert len(few) + len(many) == len(listed(DESK))


@pytest.mark.parametrize("page", ["4", "4345", "0", "-1", "two", ""])
def test_beyond_the_cap_there_is_no_page_though_the_total_is_not_capped(page: str) -> None:
    desk = movie_desk(300, discover_cap=3)
    assert ask(desk, "/3/discover/movie", page="3").body["total_pages"] > 3
    got = ask(desk, "/3/discover/movie", page=page)
    assert (got.status, got.body["status_code"]) == (400, 22)
    assert "max at 3" in got.body["status_message"]


def test_a_page_after_the_last_is_empty() -> None:
    got = ask(DESK, "/3/discover/movie", page="400")
    assert (got.status, got.body["results"]) == (200, [])


def test_a_date_that_is_none_is_refused() -> None:
    got = get(DESK, "/3/discover/movie", **{"primary_release_date.gte": "July"})
    assert (got.status, got.body["status_code"]) == (400, 23)


def test_drifting_films_are_missed_by_one_reading_and_found_by_a_few() -> None:
    desk = movie_desk(1000, drift=0.5)
    everything = {item["id"] for item in listed(movie_desk(1000))}
    first = [item["id"] for item in listed(desk)]
    assert len(first) == len(everything)
    assert len(set(first)) < len(first)
    seen = set(first)
    readings = 1
    while seen < everything and readings < 12:
        seen |= {item["id"] for item in listed(desk)}
        readings += 1
    assert seen == everything


def test_what_fits_on_one_page_does_not_drift() -> None:
    desk = movie_desk(100, drift=1.0)
    window = {"primary_release_date.gte": "2020-01-01", "primary_release_date.lte": "2022-12-31"}
    found = [item["id"] for item in listed(desk, **window)]
    assert 0 < len(found) <= PAGE
    assert found == [item["id"] for item in listed(movie_desk(100), **window)]


def test_the_changes_of_a_day_are_the_same_each_time() -> None:
    day = {"start_date": "2026-09-01", "end_date": "2026-09-01"}
    got = get(DESK, "/3/movie/changes", **day).body
    assert set(got) == {"page", "results", "total_pages", "total_results"}
    assert set(got["results"][0]) == {"id", "adult", "softcore"}
    assert got == get(DESK, "/3/movie/changes", **day).body
    assert {item["id"] for item in got["results"]} <= RIGHT.keys()


def test_changes_come_by_the_hundred() -> None:
    desk = movie_desk(50_000)
    day = {"start_date": "2026-09-01", "end_date": "2026-09-01"}
    pages = [get(desk, "/3/movie/changes", page=str(n), **day).body for n in (1, 2, 3)]
    assert [len(page["results"]) for page in pages[:2]] == [100, pages[0]["total_results"] - 100]
    assert pages[2]["results"] == []


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-08-20", "2026-09-03", 200),
        ("2026-08-19", "2026-09-03", 422),
        ("2026-09-03", "2026-09-02", 422),
        ("tomorrow", "2026-09-02", 400),
    ],
)
def test_changes_reach_over_fourteen_days_at_most(start: str, end: str, status: int) -> None:
    got = ask(DESK, "/3/movie/changes", start_date=start, end_date=end)
    assert got.status == status
    assert got.body.get("status_code") == {200: None, 422: 20, 400: 23}[status]


def test_without_dates_the_changes_are_those_of_the_last_day() -> None:
    last = {"start_date": "2026-09-02", "end_date": "2026-09-03"}
    assert ask(DESK, "/3/tv/changes").body == get(DESK, "/3/tv/changes", **last).body
    assert ask(DESK, "/3/movie/changes", page="501").body["status_code"] == 22
