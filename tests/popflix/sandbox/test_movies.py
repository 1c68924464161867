"""The films to crawl: true bodies, every oddity, and what is right told apart from them."""

from __future__ import annotations

from typing import Any

import pytest

from popflix.sandbox.movies import Films
from tests.popflix.sandbox.catalogues import get, movie_desk, told
from tests.popflix.sandbox.desks import ask
from tests.popflix.sandbox.test_shapes import MOVIE_KEYS, TV_KEYS

DESK = movie_desk(300)
APPENDED = "credits,external_ids,videos,images,watch/providers"
ALL = {"movie": f"{APPENDED},release_dates", "tv": f"{APPENDED},content_ratings"}
NAMES = {
    "movie": ("title", "original_title", "release_date"),
    "tv": ("name", "original_name", "first_air_date"),
}


def body(number: int, media_type: str = "movie") -> dict[str, Any]:
    got = ask(DESK, f"/3/{media_type}/{number}", append_to_response=ALL[media_type])
    assert got.status == 200
    return dict(got.body)


def states(media_type: str = "movie") -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for film in told(DESK, media_type).values():
        found.setdefault(film["state"], []).append(film)
    return found


def once(people: list[dict[str, Any]]) -> list[int]:
    return list(dict.fromkeys(person["id"] for person in people))


@pytest.mark.parametrize("media_type", ["movie", "tv"])
def test_every_body_says_what_is_told_to_be_right(media_type: str) -> None:
    title, original, date = NAMES[media_type]
    live = states(media_type)["live"]
    assert live
    for right in live:
        seen = body(right["id"], media_type)
        assert (seen[title], seen[original]) == (right["title"], right["original_title"])
        assert seen.get(date) == right["date"]
        assert [genre["id"] for genre in seen["genres"]] == right["genre_ids"]
        assert once(seen["credits"]["cast"]) == right["cast_ids"]
        assert once(seen["credits"]["crew"]) == right["crew_ids"]
        assert seen["external_ids"]["imdb_id"] == right["imdb_id"]
        for name in ("poster_path", "backdrop_path", "vote_average", "vote_count", "adult"):
            assert seen[name] == right[name]


def test_a_body_has_the_real_ones_keys_and_what_was_appended() -> None:
    film, series = states()["live"][0], states("tv")["live"][0]
    assert set(body(film["id"])) == MOVIE_KEYS | set(ALL["movie"].split(","))
    assert set(body(series["id"], "tv")) == TV_KEYS | set(ALL["tv"].split(","))


def test_each_hundred_holds_every_oddity() -> None:
    films = [film for film in list(told(DESK).values())[:100] if film["in_discover"]]
    claimed = [film["imdb_id"] for film in films if film["imdb_id"]]
    assert {film["date"] for film in films} >= {"", None}
    assert {film["adult"] for film in films} == {False, True, None}
    assert {None, ""} <= {film["imdb_id"] for film in films}
    assert len(claimed) == len(set(claimed)) + 1
    assert any(not film["genre_ids"] for film in films)
    assert any(film["poster_path"] is None for film in films)
    assert any(film["vote_count"] == 0 and film["vote_average"] == 0.0 for film in films)
    assert any(len(film["title"]) > 600 for film in films)
    assert any(not film["title"].isascii() for film in films)


def test_a_key_of_a_date_can_be_missing_altogether() -> None:
    undated = next(film for film in states()["live"] if film["date"] is None)
    assert "release_date" not in body(undated["id"])


def test_someone_with_two_parts_is_listed_twice() -> None:
    bodies = [body(film["id"]) for film in states()["live"][:20]]
    assert any(len(b["credits"]["cast"]) > len(once(b["credits"]["cast"])) for b in bodies)
    assert any(len(b["credits"]["crew"]) > len(once(b["credits"]["crew"])) for b in bodies)


def test_a_gone_film_is_not_found_and_a_number_between_two_ids_neither() -> None:
    gone = states()["gone"][0]["id"]
    unused = next(number for number in range(30_000_001, 30_000_100) if number not in told(DESK))
    for number in (gone, unused, 99_999_999):
        got = ask(DESK, f"/3/movie/{number}")
        assert (got.status, got.body["status_code"]) == (404, 34)


def test_a_merged_id_answers_with_the_body_of_another() -> None:
    merged = states()["merged"][0]
    assert body(merged["id"])["id"] == merged["merged_into"] != merged["id"]
    assert told(DESK)[merged["merged_into"]]["state"] == "live"


def test_films_and_series_share_numbers() -> None:
    films, series = told(DESK), told(DESK, "tv")
    assert len(series) == 60
    both = films.keys() & series.keys()
    assert both
    assert all(films[number]["title"] != series[number]["title"] for number in list(both)[:3])


def test_a_film_does_not_depend_on_how_many_there_are() -> None:
    few, many = Films("movie", 1, 100), Films("movie", 1, 5000)
    assert list(few) == [many.film(index) for index in range(100)]
    assert few.film(7) != Films("movie", 2, 100).film(7)


def test_the_titles_are_served_beside_the_films() -> None:
    assert (
        ask(DESK, "/3/movie/tt99000001").status == ask(movie_desk(0), "/3/movie/tt99000001").status
    )
    assert ask(DESK, "/3/find/tt99000001", external_source="imdb_id").status == 200
    assert ask(movie_desk(0), "/3/discover/movie").status == 404
    assert ask(movie_desk(0), "/p/exports/movie_ids_09_03_2026.json.gz").status == 404


def test_a_planted_hole_never_answers() -> None:
    desk = movie_desk(300, broken=3)
    broken = [film["id"] for film in told(desk).values() if film["state"] == "broken"]
    assert 1 <= len(broken) <= 3
    assert [ask(desk, f"/3/movie/{broken[0]}").status for _ in range(5)] == [500] * 5


def test_requests_are_counted_by_the_id_that_was_asked_for() -> None:
    desk = movie_desk(100)
    live, merged = (
        next(film["id"] for film in told(desk).values() if film["state"] == state)
        for state in ("live", "merged")
    )
    for number in (live, live, merged):
        ask(desk, f"/3/movie/{number}")
    ask(desk, "/3/discover/movie")
    counted = {f"movie/{live}": 2, f"movie/{merged}": 1, "discover/movie": 1}
    report = desk.counts.report()
    assert report["by_title"] == report["answered_by_title"] == counted


def test_faults_befall_films_as_they_do_titles() -> None:
    desk = movie_desk(100, faults={"429": 1.0})
    live = next(film["id"] for film in told(desk).values() if film["state"] == "live")
    assert [ask(desk, f"/3/movie/{live}").status for _ in range(4)] == [429, 429, 429, 200]
    assert ask(desk, "/3/discover/movie").status == 429
    assert ask(desk, "/3/movie/changes").status == 429


def test_more_than_twenty_blocks_are_refused() -> None:
    number = states()["live"][0]["id"]
    got = ask(DESK, f"/3/movie/{number}", append_to_response=",".join(["videos"] * 21))
    assert (got.status, got.body["status_code"]) == (400, 27)


def test_a_revision_changes_one_film_in_forty_and_the_changes_of_today_name_them() -> None:
    desk = movie_desk(400)
    before = told(desk)
    assert ask(desk, "/__sandbox__/movies", method="POST", revision="2").status == 200
    after = told(desk)
    changed = {number for number in before if before[number] != after[number]}
    assert len(changed) == 10
    day = {"start_date": "2026-09-03", "end_date": "2026-09-03"}
    assert changed <= {item["id"] for item in get(desk, "/3/movie/changes", **day).body["results"]}
    assert ask(desk, "/__sandbox__/movies", method="POST", revision="0").status == 400
    assert ask(desk, "/__sandbox__/movies", method="DELETE").status == 405
    assert ask(desk, "/__sandbox__/movies", media_type="tea").status == 404
