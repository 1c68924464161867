"""One check never takes an answer back, and one that found nothing moves nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.availability.decide import Decision, State, decide
from sync.availability.types import Found
from tests.sync.availability.naive import Check, status_after

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOURS = 6.0
YES, NO, UNKNOWN = Found.AVAILABLE, Found.UNAVAILABLE, Found.UNKNOWN


def after(*checks: tuple[Found, float]) -> list[Decision]:
    """Decisions of checks at so many hours after NOON."""
    return fold([(found, NOON + dt.timedelta(hours=hours)) for found, hours in checks], HOURS)


def fold(checks: Sequence[Check], confirm_hours: float) -> list[Decision]:
    first = Decision(State())
    steps = accumulate(
        checks,
        lambda before, check: decide(before.state, check[0], check[1], confirm_hours),
        initial=first,
    )
    return list(steps)[1:]


def test_a_first_answer_is_known_at_once() -> None:
    (decision,) = after((NO, 0))
    assert decision.is_flip
    assert decision.state == State(
        "unavailable", NOON, NOON, "unavailable", NOON, agreement_count=0, differs_since=None
    )
    assert decision.confirm_at is None


def test_the_opposite_is_looked_at_again_before_it_is_believed() -> None:
    *_, doubted = after((YES, 0), (NO, 1))
    assert (doubted.state.status, doubted.state.last_outcome) == ("available", "unavailable")
    assert doubted.state.agreement_count == 1
    assert doubted.confirm_at == NOON + dt.timedelta(hours=7)
    assert not doubted.is_flip


def test_a_second_look_that_comes_too_early_counts_for_nothing() -> None:
    *_, early = after((YES, 0), (NO, 1), (NO, 6.9))
    assert early.state.status == "available"
    assert (early.state.agreement_count, early.confirm_at) == (1, NOON + dt.timedelta(hours=7))


def test_the_same_look_stored_twice_is_no_second_one() -> None:
    """A list is read once for many checks, and nobody need wait for the second look."""
    checks = [(YES, NOON), (NO, NOON + dt.timedelta(hours=1)), (NO, NOON + dt.timedelta(hours=1))]
    *_, twice = fold(checks, 0.0)
    assert (twice.is_flip, twice.state.status) == (False, "available")


def test_a_second_look_in_time_flips_the_answer() -> None:
    *_, flipped = after((YES, 0), (NO, 1), (NO, 7))
    assert flipped.is_flip
    assert flipped.state.status == "unavailable"
    assert flipped.state.status_since == NOON + dt.timedelta(hours=7)
    assert (flipped.state.agreement_count, flipped.state.differs_since) == (0, None)


def test_an_answer_that_comes_back_clears_what_spoke_against_it() -> None:
    *_, cleared, doubted = after((YES, 0), (NO, 1), (YES, 2), (NO, 8))
    assert cleared.state.differs_since is None
    assert cleared.state.confirmed_at == NOON + dt.timedelta(hours=2)
    assert doubted.state.status == "available"


def test_an_unknown_moves_only_that_a_check_was_made() -> None:
    *_, doubted, unknown = after((YES, 0), (NO, 1), (UNKNOWN, 9))
    assert unknown.state.last_outcome == "unknown"
    assert unknown.state.status == "available"
    assert unknown.state.differs_since == doubted.state.differs_since
    assert unknown.confirm_at == doubted.confirm_at


def test_a_check_that_is_older_than_the_last_one_changes_nothing() -> None:
    *_, known, late = after((YES, 5), (NO, 1))
    assert late.state is known.state


CHECKS = st.lists(st.tuples(st.sampled_from(list(Found)), st.floats(0, 9)), max_size=12).map(
    lambda steps: [
        (found, NOON + dt.timedelta(hours=hours))
        for (found, _), hours in zip(steps, accumulate(step for _, step in steps), strict=True)
    ]
)
ANY_ORDER = st.lists(
    st.tuples(
        st.sampled_from(list(Found)),
        st.integers(0, 48).map(lambda hours: NOON + dt.timedelta(hours=hours)),
    ),
    max_size=10,
)
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(CHECKS, st.sampled_from([0.0, 1.0, 6.0]))
def test_an_unknown_never_changes_the_status(checks: list[Check], hours: float) -> None:
    before = State()
    for check, decision in zip(checks, fold(checks, hours), strict=True):
        if check[0] is UNKNOWN:
            assert decision.state.status == before.status
            assert decision.state.agreement_count == before.agreement_count
            assert not decision.is_flip
        before = decision.state


@FEW
@given(CHECKS, st.sampled_from([1.0, 6.0]))
def test_a_flip_has_two_witnesses_that_are_far_enough_apart(
    checks: list[Check], hours: float
) -> None:
    decisions = fold(checks, hours)
    for number, decision in enumerate(decisions):
        if not decision.is_flip or not any(each.is_flip for each in decisions[:number]):
            continue
        found, at = checks[number]
        since = max(n for n in range(number) if decisions[n].is_flip)
        witnesses = [then for other, then in checks[since + 1 : number] if other is found]
        assert witnesses
        assert at - min(witnesses) >= dt.timedelta(hours=hours)


@FEW
@given(ANY_ORDER | CHECKS, st.sampled_from([0.0, 1.0, 6.0]))
def test_any_sequence_of_checks_ends_as_the_long_way_tells(
    checks: list[Check], hours: float
) -> None:
    decisions = fold(checks, hours)
    status = decisions[-1].state.status if decisions else ""
    assert status == status_after(checks, hours)
