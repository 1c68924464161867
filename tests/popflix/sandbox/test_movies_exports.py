"""The daily files of ids: which ids, in what form, from when on."""

from __future__ import annotations

import gzip

import pytest

from popflix.sandbox.replies import Ending
from tests.popflix.sandbox.catalogues import NO_KEY, NOON, exported, movie_desk, told
from tests.popflix.sandbox.desks import ask

DESK = movie_desk(300)
TODAY = "/p/exports/movie_ids_09_03_2026.json.gz"


def test_a_file_lists_the_ids_it_should_and_not_in_order() -> None:
    lines = exported(DESK)
    ids = [line["id"] for line in lines]
    assert ids != sorted(ids)
    assert len(ids) == len(set(ids))
    right = told(DESK).values()
    assert set(ids) == {f["id"] for f in right if f["in_export"] and not f["adult"]}
    assert lines[0].keys() == {"adult", "id", "original_title", "popularity", "video"}


def test_the_file_has_ids_that_are_gone_and_lacks_some_that_are_live() -> None:
    ids, right = {line["id"] for line in exported(DESK)}, told(DESK)
    assert {right[number]["state"] for number in ids} == {"live", "gone", "merged"}
    unlisted = {number for number, film in right.items() if film["state"] == "unlisted"}
    assert unlisted
    assert not unlisted & ids
    assert all(ask(DESK, f"/3/movie/{number}").status == 200 for number in unlisted)


def test_series_and_adults_have_files_of_their_own() -> None:
    assert exported(DESK, "tv_series_ids")[0].keys() == {"id", "original_name", "popularity"}
    adults = exported(DESK, "adult_movie_ids")
    assert {line["adult"] for line in adults} == {True}
    assert len(adults) + len(exported(DESK)) == sum(f["in_export"] for f in told(DESK).values())


def test_an_old_file_does_not_say_adult() -> None:
    assert exported(DESK, day="06_20_2026")[0].keys() == {"id", "original_title", "popularity"}


@pytest.mark.parametrize(
    ("day", "hour", "status"),
    [
        ("09_03_2026", 0, 200),
        ("09_03_2026", 12, 200),
        ("09_03_2026", 13, 403),
        ("09_02_2026", 24, 200),
        ("09_04_2026", 0, 403),
        ("06_04_2026", 0, 404),
        ("13_40_2026", 0, 404),
    ],
)
def test_a_file_is_there_from_its_hour_on_for_three_months(
    day: str, hour: int, status: int
) -> None:
    desk = movie_desk(100, export_hour=hour)
    got = ask(desk, f"/p/exports/movie_ids_{day}.json.gz", headers=NO_KEY)
    assert (NOON.hour, got.status) == (12, status)


def test_an_export_falls_under_no_limit_but_is_counted_and_goes_wrong() -> None:
    desk = movie_desk(100, hard_limit=1, faults={"truncated": 1.0})
    got = [ask(desk, TODAY, headers=NO_KEY) for _ in range(4)]
    assert [each.ending for each in got] == [Ending.CLOSE] * 3 + [Ending.KEEP]
    assert len(got[0].raw) < int(got[0].headers["Content-Length"])
    assert gzip.decompress(got[3].raw)
    report = desk.counts.report()
    assert report["requests"] == 0
    assert report["by_title"] == {"export/movie": 4}
    assert report["answered_by_title"] == {"export/movie": 1}


def test_an_export_is_only_read() -> None:
    assert ask(DESK, TODAY, method="POST").status == 405
    head = ask(DESK, TODAY, method="HEAD")
    assert (head.raw, head.headers["Content-Type"]) == (b"", "application/gzip")
    assert ask(DESK, "/p/exports/person_ids_09_03_2026.json.gz").status == 404
