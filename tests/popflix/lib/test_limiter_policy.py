"""The limiter's rules, without a clock or a store."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.lib.limiter import policy
from popflix.lib.limiter.policy import US, BucketState

NOW = 1_790_000_000 * US
FULL = BucketState(next_slot_us=NOW, rate=38.0, allowed_rate=38.0)
GAP = policy.gap_us(38)


def penalized(bucket: BucketState, now_us: int = NOW, **changes: object) -> BucketState:
    told: dict[str, object] = {
        "retry_after": None, "why": "429", "cuts_when_granted": None, "random01": 1.0
    }  # fmt: skip
    return policy.penalize(bucket, now_us, **{**told, **changes})  # type: ignore[arg-type]


def test_the_first_slot_is_now_and_the_next_one_a_gap_later() -> None:
    bucket, reply = policy.reserve(policy.fresh(38), NOW, 0)
    assert (reply.granted, reply.wait_us, reply.rate, reply.cuts) == (True, 0, 38, 0)
    assert bucket.next_slot_us == NOW + GAP
    assert pytest.approx(1.01 / 38, abs=1e-6) == GAP / US
    assert policy.reserve(bucket, NOW, GAP)[1].wait == pytest.approx(reply.gap, abs=1e-6)


def test_a_slot_beyond_the_horizon_is_refused_and_nothing_changes() -> None:
    bucket = replace(FULL, next_slot_us=NOW + 200_000)
    same, reply = policy.reserve(bucket, NOW, 150_000)
    assert same is bucket
    assert (reply.granted, reply.wait_us) == (False, 200_000)


def test_slots_nobody_took_are_not_saved_up() -> None:
    bucket, reply = policy.reserve(FULL, NOW + 60 * US, 0)
    assert reply.wait_us == 0
    assert bucket.next_slot_us == NOW + 60 * US + GAP


def test_a_clock_set_back_by_hours_does_not_park_anybody_for_hours() -> None:
    bucket = replace(FULL, next_slot_us=NOW + 3600 * US)
    assert policy.reserve(bucket, NOW, 0)[1].wait_us == 0


@given(
    st.floats(0.1, 2000),
    st.lists(st.tuples(st.integers(0, 2 * US), st.integers(0, 5 * US)), max_size=200),
)
def test_no_two_slots_are_ever_nearer_than_the_gap(
    rate: float, asks: list[tuple[int, int]]
) -> None:
    bucket, now, slots = policy.fresh(rate), NOW, []
    for passed, horizon in asks:
        now += passed
        bucket, reply = policy.reserve(bucket, now, horizon)
        if reply.granted:
            slots.append(now + reply.wait_us)
    assert all(later - slot >= policy.gap_us(rate) for slot, later in pairwise(slots))


def test_an_operator_comes_right_after_what_a_backfill_may_book() -> None:
    bucket = FULL
    backfill = round(policy.horizon_seconds(3, 5.0, 0.0) * US)
    for _ in range(100):
        bucket, _ = policy.reserve(bucket, NOW, backfill)
    _, reply = policy.reserve(bucket, NOW, round(policy.horizon_seconds(0, 5.0, 0.0) * US))
    assert reply.granted
    assert reply.wait <= 0.2


def test_a_lower_lane_books_less_far_ahead_and_never_beyond_the_wait_allowed() -> None:
    horizons = [policy.horizon_seconds(lane, 5.0, 0.0) for lane in (0, 1, 2, 3, 9)]
    assert horizons == [5.0, 0.25, 0.20, 0.15, 0.15]
    assert policy.horizon_seconds(3, 0.1, 0.0) == 0.1


def test_a_lane_that_is_passed_over_ages_until_it_equals_the_operators() -> None:
    ages = [policy.horizon_seconds(3, 5.0, waited) for waited in (0, 2, 4, 8, 60)]
    assert ages == pytest.approx([0.15, 0.15, 1.15, 3.15, 5.0])


def test_a_429_stops_everybody_for_the_seconds_it_names_and_halves_the_rate() -> None:
    bucket = penalized(FULL, retry_after=12.0, why="tmdb answered 429, Retry-After 12 s")
    assert bucket.next_slot_us == bucket.resume_at_us == NOW + 12 * US
    assert (bucket.rate, bucket.cut_at_us, bucket.cuts, bucket.strikes) == (19, NOW, 1, 1)
    assert bucket.reason == "tmdb answered 429, Retry-After 12 s"


@pytest.mark.parametrize(("asked", "seconds"), [(-5.0, 0), (0.0, 0), (1e9, 300)])
def test_the_pause_asked_for_is_clamped(asked: float, seconds: int) -> None:
    assert penalized(FULL, retry_after=asked).resume_at_us == NOW + seconds * US


def test_slots_already_given_out_beyond_the_pause_stay_theirs() -> None:
    bucket = penalized(replace(FULL, next_slot_us=NOW + 5 * US), retry_after=1.0)
    assert bucket.next_slot_us == NOW + 5 * US
    assert bucket.resume_at_us == NOW + US


def test_the_429s_of_one_incident_halve_once() -> None:
    bucket = FULL
    for _ in range(48):
        bucket = penalized(bucket, cuts_when_granted=0, retry_after=1.0)
    assert (bucket.rate, bucket.cuts) == (19, 1)


def test_a_429_for_a_slot_given_after_the_cut_is_a_new_incident() -> None:
    bucket = penalized(penalized(FULL, cuts_when_granted=0), cuts_when_granted=1)
    assert (bucket.rate, bucket.cuts) == (9.5, 2)


def test_the_count_of_cuts_may_wrap_on_its_way_through_a_store() -> None:
    bucket = replace(FULL, cuts=policy.CUTS_MODULUS)
    assert penalized(bucket, cuts_when_granted=0).rate == 19


def test_a_429_without_a_known_slot_is_new_only_after_sending_resumed() -> None:
    bucket = penalized(FULL, retry_after=10.0)
    assert penalized(bucket, NOW + 9 * US, retry_after=10.0).rate == 19
    assert penalized(bucket, NOW + 10 * US, retry_after=10.0).rate == 9.5


def test_the_rate_never_falls_below_the_floor_nor_below_a_slower_setting() -> None:
    assert penalized(replace(FULL, rate=1.5)).rate == 1.0
    assert penalized(BucketState(NOW, rate=0.5, allowed_rate=0.5)).rate == 0.5


def test_without_retry_after_consecutive_incidents_wait_exponentially_longer() -> None:
    bucket, pauses = FULL, []
    for cuts in range(8):
        now = bucket.resume_at_us or NOW
        bucket = penalized(bucket, now, cuts_when_granted=cuts)
        pauses.append((bucket.resume_at_us - now) // US)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_without_retry_after_the_rest_of_an_incident_adds_no_wait() -> None:
    bucket = penalized(FULL, cuts_when_granted=0, random01=0.25)
    again = penalized(bucket, cuts_when_granted=0, random01=1.0)
    assert again.resume_at_us == bucket.resume_at_us == NOW + US // 4


def test_a_long_reason_fits_its_column() -> None:
    assert len(penalized(FULL, why="x" * 500).reason) == 200


def test_a_halved_rate_creeps_back_with_time_and_forgets_the_reason() -> None:
    bucket = penalized(FULL, retry_after=1.0)
    resumed = NOW + US
    rates = []
    for second in range(2, 14, 2):
        bucket = policy.creep(bucket, resumed + second * US)
        rates.append(round(bucket.rate, 1))
    assert rates == [22.8, 26.6, 30.4, 34.2, 38.0, 38.0]
    assert (bucket.reason, bucket.strikes) == ("", 0)


def test_a_whole_rate_has_nothing_to_creep() -> None:
    assert policy.creep(FULL, NOW) is FULL


def test_answers_from_before_the_pause_do_not_raise_the_rate() -> None:
    bucket = penalized(FULL, retry_after=10.0)
    assert policy.creep(bucket, NOW + 9 * US) is bucket


def test_an_idle_hour_proves_no_more_than_five_seconds() -> None:
    bucket = policy.creep(penalized(FULL, retry_after=0.0), NOW + 3600 * US)
    assert bucket.rate == pytest.approx(19 + 5 * 0.05 * 38)
    assert bucket.reason == "429"


def test_a_success_forgives_strikes_even_at_the_floor() -> None:
    bucket = penalized(BucketState(NOW, rate=1.0, allowed_rate=1.0), retry_after=0.0)
    assert policy.creep(bucket, NOW + US).strikes == 0


def test_a_new_setting_is_followed_at_once_unless_the_rate_is_cut() -> None:
    assert policy.configure(FULL, 38) is FULL
    assert policy.configure(FULL, 20).rate == 20
    assert policy.configure(FULL, 50).rate == 50
    cut = penalized(FULL)
    assert (policy.configure(cut, 50).rate, policy.configure(cut, 50).allowed_rate) == (19, 50)
    assert policy.configure(cut, 10).rate == 10
