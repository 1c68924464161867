"""The feed of shows: the true shape, editions that differ as real ones do, faults by name."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from popflix.sandbox.desk import Desk
from popflix.sandbox.faults import FaultSpecError
from popflix.sandbox.replies import Ending
from popflix.sandbox.shows import Programme
from popflix.sandbox.shows_faults import SHOW_FAULTS, parse_show_faults
from tests.popflix.sandbox.desks import ask, make_desk

FIRST = "2026-01-28"
NOBODY: dict[str, str] = {}  # the feed asks for no key


def rows(desk: Desk | None = None, **params: str) -> list[Any]:
    query = urlencode({"first": FIRST, **params})
    got = ask(desk or make_desk(), f"/shows.json?{query}", headers=NOBODY)
    assert got.status == 200
    return list(got.body["data"]["allShows"])


def by_key(shows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = ("cinema_id", "screen_name", "movie_showTime", "movie_ID")
    return {tuple(show[name] for name in names): show for show in shows}


def test_a_row_has_the_keys_of_the_real_feed() -> None:
    first = rows()[0]
    assert len(first) == 22
    assert first["movie_ID"].startswith("HO9")
    assert isinstance(first["movie_id"], int)
    assert first["movie_showTime"].endswith(".000Z")
    assert first["movie_cast"] is None


def test_the_feed_has_the_oddities_of_the_real_one() -> None:
    found = rows()
    assert len(by_key(found)) < len(found)
    assert {row["is_active"] for row in found} == {"Y", "N"}
    assert any("\xa0" in row["cinema_name"] for row in found)
    assert any(row["screen_name"].endswith(" ") for row in found)
    assert len({row["screen_name"][:4] for row in found}) > 3


def test_the_same_seed_and_day_give_the_same_feed() -> None:
    assert rows() == rows()
    assert Programme(2).rows(1, dt.date(2026, 1, 28)) != rows()


def test_a_day_that_comes_nearer_stays_as_it_is() -> None:
    today = by_key(rows(first=FIRST))
    tomorrow = by_key(rows(first="2026-01-29"))
    both = [key for key in today if key[2] >= "2026-01-29"]
    assert both
    assert all(tomorrow[key] == today[key] for key in both)


def test_the_next_edition_differs_a_little_in_each_way() -> None:
    before, after = by_key(rows()), by_key(rows(edition="2"))
    gone, same = before.keys() - after.keys(), before.keys() & after.keys()
    last_day = max(key[2] for key in before)
    assert 0 < len(gone) < 0.1 * len(before)
    assert any(key[2] > last_day for key in after)
    assert any(before[key]["movie_title"] != after[key]["movie_title"] for key in same)
    changed = {key for key in same if before[key]["movie_image"] != after[key]["movie_image"]}
    assert len({key[0] for key in changed}) == 1
    assert len(same) > 0.9 * len(before)


def test_so_many_shows_are_listed_as_were_asked_for() -> None:
    assert 1700 < len(Programme(1, 20, 2000).rows(1, dt.date(2026, 1, 28))) < 2400


def test_it_is_compressed_for_who_takes_that() -> None:
    got = ask(make_desk(), "/shows.json", headers={"Accept-Encoding": "gzip, br"}, first=FIRST)
    assert got.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(got.raw))["data"]["allShows"] == rows()


def test_an_empty_feed_lists_nothing() -> None:
    assert rows(faults="empty") == []


def test_one_cinema_is_missing() -> None:
    whole, less = (
        {row["cinema_id"] for row in rows(faults=each)} for each in ("", "missing-cinema")
    )
    assert len(whole - less) == 1


def test_all_times_are_shifted() -> None:
    assert rows()[0]["movie_showTime"] == "2026-01-28T09:35:00.000Z"
    assert rows(faults="shifted")[0]["movie_showTime"] == "2026-01-28T15:05:00.000Z"


def test_the_nights_of_the_clocks_are_those_to_come() -> None:
    nights = [
        row["movie_showTime"] for row in rows(faults="dst-night") if "T02" in row["movie_showTime"]
    ]
    assert nights == ["2026-03-29T02:30:00.000Z", "2026-10-25T02:30:00.000Z"]
    later = [row["movie_showTime"] for row in rows(first="2026-05-01", faults="dst-night")]
    assert "2027-03-28T02:30:00.000Z" in later


def test_a_page_comes_under_status_200() -> None:
    got = ask(make_desk(), "/shows.json", headers=NOBODY, faults="html")
    assert (got.status, got.headers["Content-Type"]) == (200, "text/html")


def test_a_cut_feed_promises_more_than_it_sends_and_hangs_up() -> None:
    got = ask(make_desk(), "/shows.json", headers=NOBODY, faults="cut")
    assert 0 < len(got.raw) < int(got.headers["Content-Length"])
    assert got.ending is Ending.CLOSE


def test_edition_and_faults_can_be_set_while_it_runs() -> None:
    desk = make_desk()
    before = rows(desk)
    answer = ask(desk, "/__sandbox__/shows", method="POST", edition="2", faults="missing-cinema")
    assert answer.body == {"edition": 2, "faults": ["missing-cinema"]}
    assert rows(desk) == rows(edition="2", faults="missing-cinema")
    ask(desk, "/__sandbox__/shows", method="POST", edition="1", faults="")
    assert rows(desk) == before


@pytest.mark.parametrize("params", [{"faults": "tea"}, {"edition": "0"}, {"first": "today"}])
def test_what_cannot_be_meant_is_refused_in_words(params: dict[str, str]) -> None:
    query = urlencode(params)
    got = ask(make_desk(), f"/shows.json?{query}", headers=NOBODY)
    assert got.status == 400
    assert next(iter(params.values())) in got.body["message"]
    assert ask(make_desk(), f"/__sandbox__/shows?{query}", method="POST").status == 400


def test_an_unknown_fault_is_named_beside_the_known_ones() -> None:
    with pytest.raises(FaultSpecError) as caught:
        parse_show_faults("html,tea")
    assert all(name in str(caught.value) for name in SHOW_FAULTS)


def test_the_feed_is_only_read() -> None:
    assert ask(make_desk(), "/shows.json", method="POST").status == 405
    assert ask(make_desk(), "/shows.json", method="HEAD").raw == b""
