"""What may befall a feed, brought about on a recorded one and on an invented one of its shape.

Each runs through load_shows and reconcile_shows; each load accounts for every row it read, and
each judgement for every show that is staged (`tests.reconcile.mutating`).
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from popflix.lib.models import QuarantinedRow
from reconcile.changes.models import ChangeSet
from reconcile.shows.models import MasterShow, SyncShow
from tests.reconcile.feed import chain as invented
from tests.reconcile.mutating import Chain, Key, Show, counts, ids, key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
NEW_YORK = "America/New_York"


@pytest.fixture(params=["invented", pytest.param("recorded", marks=pytest.mark.recordings)])
def feed(request: pytest.FixtureRequest) -> list[Show]:
    if request.param == "invented":
        return invented.programme()
    [path] = (request.getfixturevalue("recordings") / "shows").glob("*.json")
    return list(json.loads(path.read_bytes())["data"]["allShows"])


@pytest.fixture
def chain(tmp_path: Path, feed: list[Show]) -> Chain:
    """Its programme is in master."""
    made = Chain(tmp_path, feed)
    assert counts(made.bring()) == {"inserted": len(made.staged)}
    return made


def put_off(show: Show, minutes: int) -> dict[str, Any]:
    start = dt.datetime.fromisoformat(show["movie_showTime"]) + dt.timedelta(minutes=minutes)
    return {"movie_showTime": f"{start:%Y-%m-%dT%H:%M:%S}.000Z"}


def moved(place: Key, minutes: int) -> Key:
    later = put_off({"movie_showTime": place[3]}, minutes)
    return (*place[:3], later["movie_showTime"])


# --- shows that move ----------------------------------------------------------------------------


def test_shows_that_are_put_off_keep_their_ids(chain: Chain) -> None:
    before = ids()
    moving = [key(show) for show in chain.only_ones()[:60]]
    assert len(moving) > 40
    chain.change(moving, lambda show: put_off(show, 25))
    assert counts(chain.bring()) == {"moved": len(moving)}
    after = ids()
    assert {moved(place, 25): before[place] for place in moving}.items() <= after.items()
    assert sorted(after.values()) == sorted(before.values())
    assert counts(chain.bring()) == {}


def test_two_screens_that_swap_their_programmes_swap_no_ids(chain: Chain) -> None:
    cinema, one, other = two_screens_of_one_cinema(chain)
    before = ids()
    names = {one: other, other: one}

    there = [place for place in before if place[1] == cinema and place[2] in names]
    chain.change(there, lambda show: {"screen_name": names[show["screen_name"].strip()]})
    assert counts(chain.bring()) == {"moved": len(there)}
    after = ids()
    for film, _, screen, start in there:
        assert after[film, cinema, names[screen], start] == before[film, cinema, screen, start]


def two_screens_of_one_cinema(chain: Chain) -> tuple[int, str, str]:
    """With other films each, and so few shows that no guard asks."""
    films: dict[int, dict[str, list[str]]] = {}
    for (cinema, screen), shows in chain.by("cinema_id", "screen_name").items():
        its = films.setdefault(cinema, {}).setdefault(screen.strip(), [])
        its += [show["movie_ID"] for show in shows]
    for cinema, of_screens in films.items():
        for one, its in of_screens.items():
            for other, others in of_screens.items():
                if one != other and not {*its} & {*others} and len(its) + len(others) <= 10:
                    return cinema, one, other
    raise AssertionError("no two screens show other films")


def test_of_two_hundred_shifts_among_a_hundred_cancellations_hardly_one_is_lost(
    chain: Chain,
) -> None:
    """Of other kinds, and of more programmes: `tests.reconcile.changes.test_moves_of_a_chain`."""
    chance = random.Random(60)
    before, taken = ids(), {key(show) for show in chain.staged}
    chosen = chance.sample(sorted(taken), 300)
    truth = {}
    for place in chosen[:200]:
        new = place
        while new in taken:
            new = moved(place, chance.choice([-1, 1]) * chance.randrange(5, 65, 5))
        taken.add(new)
        truth[place] = new
    chain.drop(chosen[200:])
    chain.change(truth, lambda show: {"movie_showTime": truth[key(show)][3]})
    told, after = chain.bring(), ids()
    assert told["moved"] + told["inserted"] == 200
    right = sum(before[old] == after[new] for old, new in truth.items())
    assert right / told["moved"] >= 0.98
    assert right / 200 >= 0.98


# --- shows that go ------------------------------------------------------------------------------


def test_cancelled_shows_go_after_two_loads_and_come_back_as_they_were(chain: Chain) -> None:
    whole, before = chain.shows, ids()
    cancelled = {key(show) for show in chain.only_ones()[::2]}
    chain.drop(cancelled)
    assert counts(chain.bring()) == {}
    assert counts(chain.bring()) == {"missing": len(cancelled)}
    gone = MasterShow.objects.exclude(missing_since=None)
    assert {row.pk for row in gone} == {before[place] for place in cancelled}
    assert {row.is_active for row in gone} == {"N"}
    assert counts(chain.bring(whole)) == {"revived": len(cancelled)}
    assert ids() == before


def test_a_blanked_cinema_is_held_and_all_others_are_applied(chain: Chain) -> None:
    sizes = chain.sizes()
    blanked = max(sizes)
    rows = MasterShow.objects.filter(cinema_id=blanked).order_by("pk")
    before = list(rows.values("pk", "is_active", "missing_since", "updated_at"))
    one_each = {show["cinema_id"]: key(show) for show in chain.staged}
    del one_each[blanked]
    chain.change(one_each.values(), lambda show: {"movie_rating": "changed"})
    chain.drop(key(show) for show in chain.shows if show["cinema_id"] == blanked)
    told = chain.bring(exit_code=3)
    assert counts(told) == {"updated": 80, "missing_held": sizes[blanked]}
    [hold] = told["holds"]
    assert (hold["cinema"], hold["rows"]) == (blanked, sizes[blanked])
    assert list(rows.values("pk", "is_active", "missing_since", "updated_at")) == before


def test_an_empty_feed_is_held_and_nothing_is_touched(chain: Chain) -> None:
    tables = [each.objects.order_by("pk") for each in (SyncShow, MasterShow, ChangeSet)]
    before = [list(table.values()) for table in tables]
    assert chain.load([], exit_code=3)["held"] == "It lists no show at all."
    assert counts(chain.reconcile()) == {}
    assert [list(table.values()) for table in tables] == before


# --- rows that are odd --------------------------------------------------------------------------


def test_rows_that_come_twice_are_merged_and_an_active_one_wins(chain: Chain) -> None:
    copies = [{**show, "is_active": "N"} for show in chain.shows]
    told = chain.load([*chain.shows, *copies])
    staged = len(chain.staged)
    assert (told["staged"], told["merged"]) == (staged, 2 * len(chain.shows) - staged)
    assert counts(told := chain.reconcile()) == {}
    assert told["unchanged"] == staged


def test_rows_that_cannot_be_read_are_kept_and_the_rest_is_reconciled(chain: Chain) -> None:
    faults: list[dict[str, Any]] = [
        {"cinema_id": "three"}, {"movie_title": " "}, {"movie_showTime": "yesterday"},
        {"movie_showTime": None}, {"movie_ID": ["HO1"]}, {"screen_name": "AUDI\n1"},
        {"movie_length": -5}, {"movie_rating": "U\0"},
    ]  # fmt: skip
    bad = [key(show) for show in chain.only_ones()[: len(faults)]]
    good = len(chain.staged) - len(bad)
    fault_of = dict(zip(bad, faults, strict=True))
    chain.change(bad, lambda show: {**fault_of[key(show)], "broken": True})
    written = [show for show in chain.shows if "broken" in show]
    told = chain.load([*chain.shows, "no object", 7, None])
    assert (told["staged"], told["quarantined"]) == (good, len(written) + 3)
    kept = QuarantinedRow.objects.order_by("line")
    assert kept.count() == len(written) + 3
    assert all(row.reason for row in kept)
    told = chain.reconcile()
    assert counts(told) == {}
    assert told["unchanged"] == good


# --- shows that are told otherwise --------------------------------------------------------------


def test_a_retitled_film_is_updated_unless_it_is_most_of_a_cinema(chain: Chain) -> None:
    before = ids()
    of_films = chain.by("movie_ID")
    [film] = max(of_films, key=lambda film: len(of_films[film]))
    chain.change(map(key, of_films[film,]), lambda show: {"movie_title": "ANOTHER TITLE"})
    sizes, ours = chain.sizes(), dict[int, int]()
    for show in of_films[film,]:
        ours[show["cinema_id"]] = ours.get(show["cinema_id"], 0) + 1
    held = {at: shows for at, shows in ours.items() if shows > 10 and 2 * shows > sizes[at]}
    assert held
    told = chain.bring(exit_code=3)
    total = sum(held.values())
    assert counts(told) == {"updated": len(of_films[film,]) - total, "held": total}
    assert {hold["cinema"]: hold["rows"] for hold in told["holds"]}.items() <= held.items()
    assert ids() == before


OTHERWISE: dict[str, Callable[[str], str]] = {
    "case": str.swapcase,
    "an accent": lambda title: title.replace("I", "Í").replace("A", "À"),
    "composed otherwise": lambda title: title + "A\u0300",
    "a space behind": lambda title: title + " ",
    "a space that does not break": lambda title: title.replace(" ", "\xa0") + "\xa0",
}


def test_titles_that_differ_by_little_are_updated(chain: Chain) -> None:
    """Each in one of these ways."""
    shows = [show for show in chain.only_ones() if re.search("[AI]", show["movie_title"])]
    ways = dict(zip(map(key, shows), cycle(OTHERWISE.values()), strict=False))
    assert len(ways) > 2 * len(OTHERWISE)
    chain.change(ways, lambda show: {"movie_title": ways[key(show)](show["movie_title"])})
    assert counts(chain.bring()) == {"updated": len(ways)}
    titles = {show["movie_title"] for show in chain.staged}
    assert set(MasterShow.objects.values_list("title", flat=True)) == titles
    assert counts(chain.bring()) == {}


def test_spaces_around_a_key_are_no_difference_and_its_case_is_a_move(chain: Chain) -> None:
    before = ids()
    written = [{**show, "screen_name": f"\xa0{show['screen_name']} "} for show in chain.shows]
    assert counts(chain.bring(written)) == {}
    [first, *_] = sorted(chain.by("cinema_id", "screen_name").values(), key=len)
    chosen = [key(show) for show in first]
    chain.change(chosen, lambda show: {"screen_name": show["screen_name"].swapcase()})
    assert counts(chain.bring()) == {"moved": len(first)}
    assert sorted(ids().values()) == sorted(before.values())


# --- nights on which clocks change --------------------------------------------------------------


def of_a_night(feed: list[Show], date: str) -> list[Show]:
    """The programme by another day's wall clock, its morning shows in the small hours."""
    early = {f"T{hour:02}": f"T{hour - 8:02}" for hour in range(8, 12)}

    def start(show: Show) -> str:
        clock = show["movie_showTime"][10:16]
        return f"{date}{early.get(clock[:3], clock[:3])}{clock[3:]}:00"

    return [{**show, "movie_showTime": start(show)} for show in feed]


def test_a_start_that_the_clocks_leave_out_is_quarantined(
    tmp_path: Path, feed: list[Show]
) -> None:
    shows = of_a_night(feed, "2026-03-08")
    left_out = [show for show in shows if "T02:" in show["movie_showTime"]]
    assert left_out
    chain = Chain(tmp_path, shows, NEW_YORK)
    told = chain.load()
    assert told["quarantined"] == len(left_out) == QuarantinedRow.objects.count()
    reasons = set(QuarantinedRow.objects.values_list("reason", flat=True))
    assert all("leave out that night" in reason for reason in reasons)
    assert counts(chain.reconcile()) == {"inserted": told["staged"]}
    assert counts(chain.bring()) == {}


def test_a_start_in_the_hour_that_comes_twice_is_told_and_is_the_first(
    tmp_path: Path, feed: list[Show]
) -> None:
    chain = Chain(tmp_path, of_a_night(feed, "2026-11-01"), NEW_YORK)
    twice = [show for show in chain.shows if "T01:" in show["movie_showTime"]]
    told = chain.load()
    assert told["folds"] == len(twice) > 0
    assert counts(chain.reconcile()) == {"inserted": told["staged"]}
    assert counts(chain.bring()) == {}
    first = dt.datetime(2026, 11, 1, 5, tzinfo=dt.UTC)  # 01:00 EDT
    hour = MasterShow.objects.filter(show_time__range=(first, first + dt.timedelta(minutes=59)))
    assert hour.count() == len({key(show) for show in twice})
    assert not MasterShow.objects.filter(
        show_time__range=(first + dt.timedelta(hours=1), first + dt.timedelta(minutes=119))
    ).exists()


def test_a_show_put_off_across_the_gap_is_near_to_where_it_was(
    tmp_path: Path, feed: list[Show]
) -> None:
    """From 01:50 to 03:05 is a quarter of an hour that night."""
    shows = [
        show for show in of_a_night(feed, "2026-03-08") if "T02:" not in show["movie_showTime"]
    ]
    chain = Chain(tmp_path, shows, NEW_YORK)
    moving = [key(show) for show in chain.only_ones()[:20]]
    chain.change(moving, lambda show: {"movie_showTime": "2026-03-08T01:50:00"})
    chain.bring()
    before = sorted(ids().values())
    at = [(*place[:3], "2026-03-08T01:50:00") for place in moving]
    chain.change(at, lambda show: {"movie_showTime": "2026-03-08T03:05:00"})
    assert counts(chain.bring()) == {"moved": len(moving)}
    assert sorted(ids().values()) == before
