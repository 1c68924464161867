"""When a failed run is tried again, and what becomes of one whose process died."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.engine.retry import RetryPolicy, Verdict, crashes_in_a_row, verdict
from tests.popflix.engine.fakes import NOON

instants = st.floats(min_value=0, max_value=1e6).map(lambda s: NOON + dt.timedelta(seconds=s))
random01 = st.floats(min_value=0, max_value=1)


def seconds(policy: RetryPolicy, attempt: int, *, jitter: float = 1.0) -> float | None:
    at = policy.next_attempt_at(attempt, first_queued_at=NOON, now=NOON, random01=jitter)
    return None if at is None else (at - NOON).total_seconds()


def test_without_a_policy_there_is_one_attempt() -> None:
    assert seconds(RetryPolicy(), 1) is None


def test_the_back_off_doubles_up_to_its_cap() -> None:
    policy = RetryPolicy(attempts=6, base_seconds=10, cap_seconds=60)
    assert [seconds(policy, n) for n in range(1, 7)] == [10, 20, 40, 60, 60, None]


def test_the_jitter_is_full() -> None:
    policy = RetryPolicy(attempts=9, base_seconds=10)
    assert [seconds(policy, 3, jitter=jitter) for jitter in (0, 0.25, 1)] == [0, 10, 40]


def test_no_attempt_starts_after_the_deadline() -> None:
    policy = RetryPolicy(attempts=9, base_seconds=10, deadline_seconds=20)
    assert seconds(policy, 2) == 20
    assert seconds(policy, 3) is None
    assert seconds(policy, 3, jitter=0.5) == 20


@given(attempt=st.integers(1, 50), now=instants, first=instants, jitter=random01)
def test_an_attempt_lies_between_now_and_cap_and_deadline(
    attempt: int, now: dt.datetime, first: dt.datetime, jitter: float
) -> None:
    policy = RetryPolicy(40, base_seconds=5, cap_seconds=100, deadline_seconds=1000)
    at = policy.next_attempt_at(attempt, first_queued_at=first, now=now, random01=jitter)
    if at is not None:
        assert attempt < 40
        assert (
            now <= at <= min(now + dt.timedelta(seconds=100), first + dt.timedelta(seconds=1000))
        )


def test_crashes_count_from_the_last_progress_on() -> None:
    assert crashes_in_a_row(crash_count=0, crashed_at_done=0, done_count=0) == 1
    assert crashes_in_a_row(crash_count=2, crashed_at_done=7, done_count=7) == 3
    assert crashes_in_a_row(crash_count=2, crashed_at_done=7, done_count=8) == 1


@pytest.mark.parametrize(
    ("is_on_queue", "is_cancel_requested", "crashes", "expected"),
    [
        (True, False, 1, Verdict.REQUEUE),
        (True, False, 2, Verdict.REQUEUE),
        (True, False, 3, Verdict.LOST),
        (False, False, 1, Verdict.LOST),
        (True, True, 1, Verdict.CANCEL),
        (True, True, 3, Verdict.CANCEL),
        (False, True, 1, Verdict.CANCEL),
    ],
)
def test_what_becomes_of_a_run_whose_process_is_gone(
    is_on_queue: bool, is_cancel_requested: bool, crashes: int, expected: Verdict
) -> None:
    assert expected is verdict(
        RetryPolicy(crashes=3),
        is_on_queue=is_on_queue,
        is_cancel_requested=is_cancel_requested,
        crashes=crashes,
    )
