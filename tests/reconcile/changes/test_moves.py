"""Which shows that went and came are the same show at another time or screen."""

from __future__ import annotations

import datetime as dt
import random
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.changes.policy import moves
from reconcile.changes.policy.moves import Ambiguous, Pairing, pair
from reconcile.changes.types import Row
from tests.reconcile.changes.rows import show
from tests.reconcile.changes.test_assignment import all_ways

INDIA = ZoneInfo("Asia/Kolkata")


def ids(found: Pairing) -> set[tuple[int, int]]:
    return {(each.gone.id, each.came.id) for each in found.pairs}


@pytest.mark.parametrize(
    ("came", "evidence"),
    [
        (show("10:30"), "the same film and cinema, 30 min later"),
        (show("07:55"), "the same film and cinema, 2 h 5 min earlier"),
        (show("10:00", "AUDI 2"), "the same film and cinema, from AUDI 1 to AUDI 2"),
        (show("13:00", "AUDI 2"), "the same film and cinema, 3 h later, from AUDI 1 to AUDI 2"),
    ],
    ids=["later", "earlier", "screen", "both"],
)
def test_the_only_show_that_went_and_the_only_one_that_came_are_one(
    came: Row, evidence: str
) -> None:
    [found] = pair([show("10:00")], [came]).pairs
    assert found.evidence == f"{evidence}; no other show of this film went or came"


def test_the_nearest_of_a_day_is_the_one_that_moved() -> None:
    found = pair([show("10:00", id=1), show("16:00", id=2)], [show("10:20", id=3)])
    assert ids(found) == {(1, 3)}
    assert found.pairs[0].evidence == (
        "the same film and cinema, 20 min later; "
        "by far the nearest of 2 that went and 1 that came on this day"
    )
    assert not found.ambiguous


def test_two_shows_that_swap_their_screens_move_crosswise() -> None:
    gone = [show("10:00", "AUDI 1", id=1), show("14:00", "AUDI 2", id=2)]
    came = [show("10:00", "AUDI 2", id=3), show("14:00", "AUDI 1", id=4)]
    assert ids(pair(gone, came)) == {(1, 3), (2, 4)}


def test_the_pairing_of_all_counts_and_not_the_nearest_of_each() -> None:
    """12:00 is nearest to 11:30, but then 10:00 would have gone far."""
    gone = [show("10:00", id=1), show("12:00", id=2)]
    came = [show("11:30", id=3), show("13:30", id=4)]
    assert ids(pair(gone, came)) == {(1, 3), (2, 4)}


def test_other_films_and_cinemas_are_never_paired() -> None:
    gone = [show("10:00", movie_id="HO1")]
    came = [show("10:10", movie_id="HO1", cinema_id=4), show("10:10", movie_id="HO2")]
    assert pair(gone, came) == Pairing()
    assert pair(gone, []) == pair([], came) == Pairing()


AMBIGUOUS = {
    "earlier or later": ([show("12:00")], [show("11:30"), show("12:30")]),
    "nearly as near": ([show("12:00")], [show("11:40"), show("12:30")]),
    "one of two screens": (
        [show("12:00", "AUDI 1"), show("12:00", "AUDI 2")], [show("12:30", "AUDI 3")]
    ),
    "two and two": (
        [show("12:00", "A"), show("12:00", "B")], [show("13:00", "C"), show("13:00", "D")]
    ),
    "far and hardly farther": (
        [show("10:00")], [show("14:00"), show("14:30")]
    ),
    "both screens renamed": (
        [show("09:00", "A"), show("09:00", "B"), show("09:00", "C")],
        [show("09:00", "1"), show("09:00", "2"), show("09:00", "3")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_could_as_well_be_paired_otherwise_is_left_apart(name: str) -> None:
    gone, came = AMBIGUOUS[name]
    found = pair(gone, came)
    assert not found.pairs
    [left] = found.ambiguous
    assert set(left.gone) == set(gone)
    assert set(left.came) == set(came)
    assert "could be paired in several ways" in left.why


def test_a_clear_pair_is_kept_beside_unclear_ones() -> None:
    gone = [show("12:00", "A", id=1), show("12:00", "B", id=2), show("20:00", "C", id=3)]
    came = [show("12:30", "D", id=4), show("20:10", "C", id=5)]
    found = pair(gone, came)
    assert ids(found) == {(3, 5)}
    assert found.ambiguous == (
        Ambiguous((gone[0], gone[1]), (came[0],), found.ambiguous[0].why),
    )  # fmt: skip
    assert found.ambiguous[0].why.startswith("2 shows went and 1 show came")


def test_values_that_stayed_tell_two_shows_apart() -> None:
    gone = [show("12:00", "A", id=1, format="3D", length=90, is_active="N", title="Harbour (3D)")]
    gone.append(show("12:00", "B", id=2))
    came = [show("12:30", "A", id=3, format="3D", length=90, is_active="N", title="Harbour (3D)")]
    assert ids(pair(gone, came)) == {(1, 3)}


def other_films(cinema_id: int, **came: str) -> tuple[list[Row], list[Row]]:
    """Two films of which one show went and one came, so that there is no choice."""
    when, screen = came.get("clock", "15:00"), came.get("screen", "AUDI 1")
    facts: list[dict[str, Any]] = [
        {"movie_id": film, "cinema_id": cinema_id} for film in ("F8", "F9")
    ]
    return (
        [show("15:00", id=70 + n, **each) for n, each in enumerate(facts)],
        [show(when, screen, id=80 + n, **each) for n, each in enumerate(facts)],
    )


def test_what_shows_without_a_choice_did_tells_what_the_others_did() -> None:
    """40 min later, or to the other screen? The cinema gave other films another screen."""
    gone, came = [show("12:00", "A", id=1)], [show("12:40", "A", id=2), show("12:00", "B", id=3)]
    assert not pair(gone, came).pairs
    went, new = other_films(3, screen="AUDI 7")
    assert (1, 3) in ids(pair([*gone, *went], [*came, *new]))
    went, new = other_films(3, clock="15:40")
    assert (1, 2) in ids(pair([*gone, *went], [*came, *new]))
    went, new = other_films(4, screen="AUDI 7")
    assert len(pair([*gone, *went], [*came, *new]).pairs) == 2, "another cinema tells nothing"
    went, new = other_films(3, clock="23:40", screen="AUDI 7")
    assert len(pair([*gone, *went], [*came, *new]).pairs) == 2, "too far to tell anything"


def test_what_seems_clear_is_left_apart_where_the_cinema_does_otherwise() -> None:
    gone, came = [show("10:00", "A", id=1), show("11:40", "B", id=2)], [show("11:00", "B", id=3)]
    assert ids(pair(gone, came)) == {(2, 3)}
    went, new = other_films(3, clock="16:00", screen="AUDI 7")
    assert ids(pair([*gone, *went], [*came, *new])) == {(70, 80), (71, 81)}


def test_another_day_is_no_move_unless_nothing_else_went_or_came() -> None:
    gone, came = show("19:00", id=1), show("19:00", day=1, id=2)
    assert ids(pair([gone], [came])) == {(1, 2)}
    other = show("10:00", day=4, id=3)
    assert pair([gone, other], [came]) == Pairing()
    assert pair([gone], [came, other]) == Pairing()


def test_a_show_put_off_past_midnight_stays_on_its_evening() -> None:
    gone = [show("23:50", id=1), show("14:00", id=2)]
    came = [show("00:10", day=1, id=3), show("14:10", id=4)]
    assert ids(pair(gone, came)) == {(1, 3), (2, 4)}


def test_days_are_those_of_the_cinemas_zone() -> None:
    """04:00 UTC is half past nine in India: no night show of the evening before."""
    gone = [show("04:00", id=1), show("13:00", id=2)]
    came = [show("05:30", id=3), show("13:10", id=4)]
    assert ids(pair(gone, came, {3: INDIA})) == {(1, 3), (2, 4)}
    assert ids(pair(gone, came)) == {(2, 4)}


def test_a_show_of_the_same_day_may_be_too_far_to_be_the_same() -> None:
    gone = [show("09:00", id=1), show("21:00", id=2)]
    came = [show("21:15", id=3), show("16:00", "AUDI 9", id=4)]
    found = pair(gone, came)
    assert ids(found) == {(2, 3)}
    assert not found.ambiguous


def test_a_group_too_large_to_be_solved_whole_is_paired_nearest_first() -> None:
    starts = [f"{hour:02}:{minute:02}" for hour in range(8, 23) for minute in (0, 20, 40)]
    gone = [show(start, f"S{n}", id=n) for n, start in enumerate(starts)]
    later = [f"{start[:3]}{int(start[3:]) + 5:02}" for start in starts[1:]]
    came = [show(start, f"S{n}", id=100 + n) for n, start in enumerate(later, 1)]
    assert len(came) > 32
    found = pair(gone, came)
    assert ids(found) == {(n, 100 + n) for n in range(1, 45)}
    assert not found.ambiguous
    unclear = pair([*gone, show("22:45", "T1", id=90), show("22:45", "T2", id=91)],
                   [*came, show("22:59", "T3", id=92)])  # fmt: skip
    assert ids(unclear) == ids(found)
    assert {row.id for row in unclear.ambiguous[0].came} == {92}


def test_a_group_too_large_to_be_compared_is_left_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "_MOST_COMPARED", 3)
    found = pair([show("10:00"), show("12:00")], [show("10:10"), show("12:10")])
    assert not found.pairs
    assert found.ambiguous[0].why == "2 shows went and 2 came: too many to tell apart"


# --- laws ---------------------------------------------------------------------------------------

STARTS = st.integers(0, 30).map(lambda n: f"{9 + n * 25 // 60:02}:{n * 25 % 60:02}")
SCREENS = st.sampled_from(["A", "B", "C"])
SIDES = st.lists(st.tuples(STARTS, SCREENS), min_size=1, max_size=4, unique=True)


def reference(gone: list[Row], came: list[Row]) -> set[tuple[int, int]]:
    """By the words of the rule, all ways tried: only for a few rows of one film, cinema, day."""
    if len(gone) == len(came) == 1:
        return {(gone[0].id, came[0].id)}

    def price(went: Row, new: Row) -> int:
        minutes = abs(new.show_time - went.show_time) // dt.timedelta(minutes=1)
        if went.screen_name != new.screen_name:
            minutes += 165 if minutes else 30
        return min(minutes, 360)

    costs = [[price(went, new) for new in came] for went in gone]
    ways = all_ways(costs)
    least, best = min(ways, key=lambda way: way[0])
    found = set()
    for row, column in best:
        others = [total for total, pairs in ways if (row, column) not in pairs]
        margin = min(others) - least
        if costs[row][column] < 360 and margin >= max(15, costs[row][column] / 5):
            found.add((gone[row].id, came[column].id))
    return found


@given(SIDES, SIDES)
def test_small_groups_are_paired_as_by_trying_all_ways(
    gone: list[tuple[str, str]], came: list[tuple[str, str]]
) -> None:
    went = [show(*each, id=n) for n, each in enumerate(gone)]
    new = [show(*each, id=10 + n) for n, each in enumerate(came)]
    assert ids(pair(went, new)) == reference(went, new)


@given(SIDES, SIDES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_no_row_is_used_twice(
    gone: list[tuple[str, str]], came: list[tuple[str, str]], order: random.Random
) -> None:
    films, cinemas = ["F1", "F2"], [3, 4]
    both = list(product(films, cinemas))
    went = [show(*each, id=n, movie_id=both[n % 3][0]) for n, each in enumerate(gone)]
    new = [show(*each, id=10 + n, movie_id=both[n % 3][0]) for n, each in enumerate(came)]
    first = pair(went, new)
    order.shuffle(went)
    order.shuffle(new)
    assert pair(iter(went), iter(new)) == first
    used = [row.id for each in first.pairs for row in (each.gone, each.came)]
    used += [row.id for each in first.ambiguous for row in (*each.gone, *each.came)]
    assert len(used) == len(set(used))


@given(st.integers(1, 40), SCREENS)
def test_twins_are_never_merged(minutes: int, screen: str) -> None:
    """Two that went alike and any number that came alike: no choice between them is right."""
    gone = [show("12:00", "X", id=1), show("12:00", "Y", id=2)]
    came = [show(f"{12 + minutes // 60}:{minutes % 60:02}", screen, id=3)]
    assert not pair(gone, came).pairs
    assert not pair(came, gone).pairs
