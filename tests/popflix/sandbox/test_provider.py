"""The invented provider: a truth that can be told, and each misbehaviour as real ones have it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from popflix.sandbox.desk import Desk
from popflix.sandbox.movies_api import MovieApi, Setting
from popflix.sandbox.provider_manners import BEHAVIOURS
from popflix.sandbox.provider_pages import MARK
from popflix.sandbox.provider_truth import AVAILABLE_CONTROLS, UNAVAILABLE_CONTROLS
from popflix.sandbox.replies import Ending
from tests.popflix.sandbox.desks import Got, ask, make_desk

OWN = "/__sandbox__/provider"
NOBODY: dict[str, str] = {}  # it asks for no key
HERE, NOT_HERE = AVAILABLE_CONTROLS[0], UNAVAILABLE_CONTROLS[0]


def probe(desk: Desk, number: object, mirror: str = "", **asked: Any) -> Got:
    path = f"{mirror and '/' + mirror}/embed/movie/{number}"
    return ask(desk, path, headers=NOBODY, **asked)


def behave(desk: Desk, **params: str) -> Any:
    return ask(desk, f"{OWN}?{urlencode(params)}", method="POST").body


def truth(desk: Desk, ids: range, media_type: str = "movie") -> dict[str, bool]:
    written = ",".join(map(str, ids))
    return dict(ask(desk, f"{OWN}/truth", media_type=media_type, ids=written).body)


def report(desk: Desk) -> dict[str, Any]:
    return dict(ask(desk, OWN).body)


def with_films(count: int = 200) -> Desk:
    return make_desk(titles=10, movies=MovieApi(Setting(movies=count)))


def test_an_honest_provider_says_what_it_has() -> None:
    desk = make_desk(titles=10)
    told = truth(desk, range(1, 201))
    assert 100 < sum(told.values()) < 180
    for number, is_there in told.items():
        got = probe(desk, number)
        assert got.status == (200 if is_there else 404)
        assert (MARK.encode() in got.raw) is is_there


def test_head_says_the_same_without_a_body() -> None:
    desk = make_desk(titles=10)
    assert (probe(desk, HERE, method="HEAD").status, probe(desk, HERE, method="HEAD").raw) == (
        200, b"",
    )  # fmt: skip
    assert probe(desk, NOT_HERE, method="HEAD").status == 404
    assert probe(desk, HERE, method="POST").status == 405


def test_controls_hold_in_every_edition_while_films_come_and_go() -> None:
    desk = make_desk(titles=10)
    before = truth(desk, range(1, 501))
    assert behave(desk, edition="2")["edition"] == 2
    after = truth(desk, range(1, 501))
    changed = [number for number in before if before[number] != after[number]]
    assert 25 < len(changed) < 80
    assert {before[number] for number in changed} == {True, False}
    controls = range(AVAILABLE_CONTROLS[0], UNAVAILABLE_CONTROLS[-1] + 1)
    assert [number for number, known in truth(desk, controls).items() if known] == [
        str(number) for number in AVAILABLE_CONTROLS
    ]


def test_of_a_catalogue_only_films_that_exist_are_there() -> None:
    desk = with_films()
    films = [
        json.loads(line)
        for line in ask(desk, "/__sandbox__/movies", media_type="movie").raw.splitlines()
    ]
    ids = {film["id"]: film for film in films}
    first, last = min(ids), max(ids)
    there = {int(number) for number, known in truth(desk, range(first, last + 1)).items() if known}
    assert there <= set(ids)
    assert not {ids[number]["state"] for number in there} & {"gone", "merged"}
    known = next(film for film in films if film["id"] in there and film["imdb_id"])
    assert probe(desk, known["imdb_id"]).status == 200


def test_episodes_are_there_only_where_their_series_is() -> None:
    desk = make_desk(titles=10)
    told = truth(desk, range(1, 101), "tv")
    statuses = {
        number: {
            ask(desk, f"/embed/tv/{number}/1-{each}", headers=NOBODY).status for each in (1, 2, 3)
        }
        for number in told
    }
    assert all(statuses[number] == {404} for number, is_there in told.items() if not is_there)
    assert any(statuses[number] == {200, 404} for number in told)


@pytest.mark.parametrize("path", ["/embed/movie/x-y", "/embed/film/5", "/m1/embed/", "/embed/"])
def test_what_is_no_title_is_not_there(path: str) -> None:
    assert ask(make_desk(titles=10), path, headers=NOBODY).status == 404


def answers(behaviour: str, method: str = "GET") -> tuple[Got, Got]:
    """What is there, and what is not."""
    desk = make_desk(titles=10)
    assert behaviour in BEHAVIOURS
    behave(desk, behaviour=behaviour)
    return probe(desk, HERE, method=method), probe(desk, NOT_HERE, method=method)


def test_a_soft_404_says_so_in_words_alone() -> None:
    here, not_here = answers("soft_404")
    assert (here.status, not_here.status) == (200, 200)
    assert (MARK.encode() in here.raw, MARK.encode() in not_here.raw) == (True, False)


def test_a_wall_asks_for_a_person_under_either_status() -> None:
    both = answers("bot_wall")
    assert {got.status for got in both} == {200, 403}
    assert not any(MARK.encode() in got.raw for got in both)


def test_redirects_lead_to_a_page_of_its_own_or_to_a_stranger() -> None:
    desk = make_desk(titles=10)
    behave(desk, behaviour="login_page")
    assert probe(desk, HERE, "m2").headers["Location"] == "/m2/login"
    page = ask(desk, "/m2/login", headers=NOBODY)
    assert (page.status, b"password" in page.raw) == (200, True)
    behave(desk, behaviour="foreign_redirect")
    got = probe(desk, HERE)
    assert (got.status, got.headers["Location"]) == (302, "http://elsewhere.invalid/")


def test_everything_may_be_there_and_nothing() -> None:
    assert [got.status for got in answers("always_200")] == [200, 200]
    assert all(MARK.encode() in got.raw for got in answers("always_200"))
    assert [got.status for got in answers("always_404")] == [404, 404]


def test_some_providers_take_no_head() -> None:
    assert [got.status for got in answers("no_head", "HEAD")] == [405, 405]
    assert [got.status for got in answers("no_head")] == [200, 404]


def test_one_mirror_is_limited_and_the_others_are_not() -> None:
    desk = make_desk(titles=10)
    behave(desk, behaviour="limited_mirror")
    assert [probe(desk, HERE, mirror).status for mirror in ("m1", "m2", "")] == [429, 200, 200]
    behave(desk, behaviour="limited_mirror", mirror="m2")
    assert [probe(desk, HERE, mirror).status for mirror in ("m1", "m2", "m3")] == [429, 429, 200]
    behave(desk, behaviour="honest")
    assert probe(desk, HERE, "m1").status == 200


def test_faults_are_of_every_kind_and_of_the_share_asked_for() -> None:
    desk = make_desk(titles=10)
    behave(desk, behaviour="faults=0.5")
    got = [probe(desk, number) for number in range(1, 301)]
    bad = [each for each in got if each.status not in (200, 404) or each.ending is Ending.CLOSE]
    told = report(desk)
    assert 80 < len(bad) < 200
    assert set(told["faults"]) == {"429", "500", "503", "slow", "truncated", "reset"}
    assert told["answered_by_path"].keys() < told["by_path"].keys()


def test_a_share_of_requests_misbehaves_and_the_same_one_in_each_run() -> None:
    def statuses() -> list[int]:
        desk = make_desk(titles=10)
        behave(desk, behaviour="always_404=0.3")
        return [probe(desk, HERE).status for _ in range(100)]

    assert statuses() == statuses()
    assert 15 < statuses().count(404) < 45


def test_requests_are_counted_by_mirror_path_and_second() -> None:
    desk = make_desk(titles=10)
    behave(desk, latency_ms="500")
    for mirror, now in (("m1", 0.0), ("m1", 0.1), ("m2", 0.2), ("m1", 2.5)):
        probe(desk, HERE, mirror, now=now)
    told = report(desk)
    assert told["by_second"] == [3, 0, 1]
    assert told["by_path"] == {f"embed/movie/{HERE}": 4}
    assert (told["requests"], told["worst_second"], told["most_at_once"]) == (4, 3, 3)
    m1 = told["mirrors"]["m1"]
    assert (m1["requests"], m1["worst_second"], m1["most_at_once"]) == (3, 2, 2)
    assert m1["by_status"] == {"200": 3}


def test_none_of_tmdbs_counts_see_it_and_a_reset_clears_its_own() -> None:
    desk = make_desk(titles=10)
    assert probe(desk, HERE).delay == 0
    assert ask(desk, "/__sandbox__/report").body["requests"] == 0
    ask(desk, "/__sandbox__/reset", method="POST")
    assert report(desk)["requests"] == 0


@pytest.mark.parametrize(
    "params", [{"behaviour": "tea"}, {"behaviour": "faults=2"}, {"edition": "0"}, {"mirror": "x"}]
)
def test_what_cannot_be_meant_is_refused_in_words_and_changes_nothing(
    params: dict[str, str],
) -> None:
    desk = make_desk(titles=10)
    before = report(desk)
    refused = behave(desk, **{"latency_ms": "5", **params})
    assert next(iter(params.values())).partition("=")[0] in refused["status_message"]
    assert report(desk) == before


def listed(desk: Desk, file: str) -> Any:
    return ask(desk, f"/list/{file}", headers=NOBODY).body


def test_the_list_holds_what_is_there_and_its_pages_the_same() -> None:
    desk = with_films(400)
    whole = listed(desk, "movies.json")
    first = listed(desk, "movies/page-1.json")
    pages = [listed(desk, f"movies/page-{n + 1}.json")["result"] for n in range(first["pages"])]
    assert len(pages) > 1
    assert [item for page in pages for item in page] == whole
    known = [item["tmdb_id"] for item in whole if item["tmdb_id"] not in (None, "-1")]
    assert {str(number) for number in AVAILABLE_CONTROLS} <= set(known)
    by_imdb_id = [item for item in whole if item["tmdb_id"] in (None, "-1") and item["imdb_id"]]
    assert by_imdb_id
    for name in (*known, *(item["imdb_id"] for item in by_imdb_id)):
        assert probe(desk, name).status == 200
    assert ask(desk, "/list/movies/page-99.json", headers=NOBODY).status == 404


def test_every_film_that_is_there_is_found_in_the_list() -> None:
    desk = with_films(400)
    whole = listed(desk, "movies.json")
    films = ask(desk, "/__sandbox__/movies", media_type="movie").raw.splitlines()
    there = truth(desk, range(30_000_001, 30_000_001 + 1210))
    for film in map(json.loads, films):
        if there[str(film["id"])]:
            assert any(
                item["tmdb_id"] == str(film["id"])
                or (film["imdb_id"] and item["imdb_id"] == film["imdb_id"])
                for item in whole
            )


def test_a_list_may_be_empty_or_no_list_at_all() -> None:
    desk = with_films()
    behave(desk, behaviour="always_404")
    assert listed(desk, "movies.json") == []
    assert listed(desk, "movies/page-1.json") == {"result": [], "pages": 0}
    behave(desk, behaviour="soft_404")
    page = ask(desk, "/list/movies.json", headers=NOBODY)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html")


def test_tmdbs_own_providers_have_a_path_of_their_own() -> None:
    desk = with_films()
    number = 30_000_001
    alone = ask(desk, f"/3/movie/{number}/watch/providers").body
    whole = ask(desk, f"/3/movie/{number}", append_to_response="watch/providers").body
    assert alone == {"id": number, "results": whole["watch/providers"]["results"]}
    assert ask(desk, "/3/movie/5/watch/providers").status == 404
    assert set(ask(desk, "/3/movie/9000002/watch/providers").body) == {"id", "results"}
    assert ask(desk, "/3/find/tt99000002/watch/providers").status == 404
