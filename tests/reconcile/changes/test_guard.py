"""When a slice waits for a person, and what it is told."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.changes.policy.guard import DEFAULTS, Figures, Past, Verdict, judge, norm
from reconcile.changes.types import ChangeKind

SATURDAY = 5
ALLOWED = Verdict()
ALL = frozenset(ChangeKind)
SHOWS = [40, 38, 42, 44, 40, 39, 36]  # spread of 2
USUAL = [Past(count, removed_percent=2, changed_percent=4) for count in SHOWS]


def figures(staged: int, master: int = 40, **others: int) -> Figures:
    return Figures(SATURDAY, staged, master, **others)


# --- learnt -------------------------------------------------------------------------------------


def test_an_empty_slice_is_held_with_what_was_normal_and_what_came() -> None:
    found = judge(figures(0, removed=40), USUAL)
    assert found == Verdict(ALL, "Saturday normally has 40 ± 9 shows; this feed has none")
    assert not found.allows_all
    assert all(found.holds(kind) for kind in ChangeKind)


def test_a_shrunken_slice_is_held() -> None:
    found = judge(figures(12, removed=28), USUAL)
    assert found.why == "Saturday normally has 40 ± 9 shows; this feed has 12"
    assert found.held == ALL


@pytest.mark.parametrize(("staged", "removed"), [(36, 4), (32, 5), (40, 0), (70, 0), (30, 1)])
def test_what_lies_within_the_norm_or_removes_one_is_let_through(
    staged: int, removed: int
) -> None:
    assert judge(figures(staged, removed=removed), USUAL) == ALLOWED


def test_an_empty_slice_with_nothing_in_master_removes_nothing() -> None:
    assert judge(figures(0, master=0), USUAL) == ALLOWED
    assert judge(figures(0, master=0), []) == ALLOWED


def test_a_cinema_that_was_empty_before_may_be_so_again() -> None:
    closed_at_times = [Past(count) for count in (2, 0, 3, 1, 2)]
    assert judge(figures(0, master=2, removed=2), closed_at_times) == ALLOWED
    never_closed = [Past(count) for count in (2, 1, 3, 1, 2)]
    assert judge(figures(0, master=2, removed=2), never_closed).held == ALL


def test_shows_that_have_passed_count_as_had() -> None:
    """In the evening a feed may tell of the last shows only."""
    assert judge(figures(6, removed=2), USUAL).held == ALL
    assert judge(figures(6, removed=2, passed=32), USUAL) == ALLOWED


def test_shares_are_of_the_shows_that_have_not_passed() -> None:
    found = judge(figures(2, removed=6, passed=32), USUAL)
    assert found.why.startswith("6 of 8 shows on Saturday would go, 75 %")
    assert judge(figures(34, removed=6), USUAL) == ALLOWED


def test_a_load_of_two_saturdays_is_judged_by_the_day() -> None:
    assert judge(figures(78, master=80, removed=2, days=2), USUAL) == ALLOWED
    found = judge(figures(45, master=80, removed=35, days=2), USUAL)
    assert found.why == "Saturday normally has 40 ± 9 shows; this feed has 22"


def test_as_many_shows_as_ever_but_other_ones_are_held() -> None:
    found = judge(figures(40, removed=30), USUAL)
    assert found == Verdict(
        ALL, "30 of 40 shows on Saturday would go, 75 %; normally it is 2 %, and up to 15 % pass"
    )


def test_a_cinema_that_always_changes_much_may() -> None:
    lively = [Past(40, percent, percent) for percent in (60, 55, 70, 65, 50)]
    assert judge(figures(40, removed=28, changed=28), lively) == ALLOWED
    assert judge(figures(40, removed=38), lively).why.endswith("and up to 82 % pass")
    wild = [Past(40, percent) for percent in (90, 95, 100, 95, 90)]
    assert judge(figures(40, removed=37), wild).why.endswith("and up to 90 % pass")


def test_mass_edits_hold_edits_alone() -> None:
    found = judge(figures(40, changed=38, removed=1), USUAL)
    assert found.held == {ChangeKind.UPDATE, ChangeKind.MOVE}
    assert found.why == (
        "38 of 40 shows on Saturday would change or move, 95 %; "
        "normally it is 4 %, and up to 15 % pass"
    )
    assert not found.holds(ChangeKind.INSERT)


# --- while little is known ----------------------------------------------------------------------


def test_the_stated_defaults_hold_while_the_history_is_short() -> None:
    short = USUAL[:4]
    found = judge(figures(20, removed=20), short)
    assert found.why == (
        "20 of 40 shows on Saturday would go, 50 %; up to 30 % pass while only 4 of 5 loads are "
        "known"
    )
    assert judge(figures(20, changed=30), []).why == (
        "30 of 40 shows on Saturday would change or move, 75 %; "
        "up to 50 % pass while only 0 of 5 loads are known"
    )


def test_an_empty_slice_is_held_from_the_first_load_on() -> None:
    found = judge(figures(0, master=1, removed=1), [])
    assert found.why == "Saturday has 1 show in master; this feed has none"


@pytest.mark.parametrize(
    "now",
    [
        figures(1, master=6, removed=5), figures(30, removed=12), figures(40, changed=20),
        figures(10, master=10, changed=10), figures(50, master=0),
    ],
    ids=["few removed", "small share", "half changed", "few changed", "first load"],
)  # fmt: skip
def test_both_count_and_percentage_must_be_exceeded(now: Figures) -> None:
    assert judge(now, []) == ALLOWED


def test_shares_that_nobody_noted_leave_their_default() -> None:
    counted_only = [Past(count) for count in SHOWS]
    found = judge(figures(40, removed=20), counted_only)
    assert found.why.endswith("up to 30 % pass while only 0 of 5 loads are known")


# --- the norm -----------------------------------------------------------------------------------


def test_one_odd_load_does_not_widen_the_norm() -> None:
    assert norm([40, 40, 40, 40, 40, 0]) == norm([40, 40, 40, 40, 40])
    assert str(norm([40, 40, 40])) == "40 ± 4"
    assert str(norm([3, 4, 3, 4])) == "3.5 ± 3"


COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=9)


@given(COUNTS, st.randoms(use_true_random=False))
def test_the_norm_is_the_middle_of_the_sorted_loads_whatever_their_order(
    counts: list[int], order: random.Random
) -> None:
    found = norm(counts)
    ranked = sorted(counts)
    middle = (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
    away = median(sorted(abs(count - middle) for count in ranked))
    assert found.middle == middle
    assert found.tolerance - 1 < max(3 * 1.4826 * away, 2, middle / 10) <= found.tolerance
    order.shuffle(counts)
    assert norm(counts) == found


@given(COUNTS, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(1, 60))
def test_a_verdict_names_a_reason_if_and_only_if_it_holds_and_harm_is_done(
    counts: list[int], staged: int, removed: int, changed: int, master: int
) -> None:
    removed, changed = min(removed, master), min(changed, master)
    now = Figures(SATURDAY, staged, master, removed=removed, changed=changed)
    found = judge(now, [Past(count) for count in counts])
    assert bool(found.held) == bool(found.why)
    if not removed:
        assert found.held <= {ChangeKind.UPDATE, ChangeKind.MOVE}
    if not removed and changed <= DEFAULTS.changed_count:
        assert found == ALLOWED
    if removed and not staged and min(counts) > 0:
        assert found.held == ALL


@given(COUNTS, st.integers(0, 60), st.integers(1, 60))
def test_removing_more_is_never_let_through_where_less_is_held(
    counts: list[int], staged: int, removed: int
) -> None:
    history = [Past(count, 3, 3) for count in counts]
    less = judge(Figures(SATURDAY, staged, 60, removed=removed), history)
    more = judge(Figures(SATURDAY, max(0, staged - 1), 60, removed=min(60, removed + 1)), history)
    assert less.held <= more.held
