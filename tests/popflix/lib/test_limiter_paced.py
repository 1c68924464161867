"""Waiting for a slot, on a clock that only moves when it is slept on."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from popflix.lib.limiter import PacedLimiter, Parked, policy
from popflix.lib.limiter.policy import US, BucketState, Reply
from popflix.lib.limiter.store import Change, MemoryStore
from tests.popflix.lib.clocks import FakeClock

GAP = policy.gap_us(38) / US


class Limiter(PacedLimiter):
    """A limiter of its own clock and store, which the tests may reach."""

    def __init__(self, rate: float = 38.0, stop: Callable[[], bool] = lambda: False) -> None:
        self.clock = FakeClock()
        self.store = CountingStore(rate, self.clock)
        super().__init__("tmdb", rate, self.store, self.clock, stop=stop, random01=lambda: 1.0)

    def on_sleep(self, happens: Callable[[], object]) -> None:
        """Let `happens` be called once, in the middle of the next sleep."""
        sleep = self.clock.sleep

        def eventful(seconds: float) -> None:
            self.clock.sleep = sleep  # type: ignore[method-assign]
            sleep(seconds)
            happens()

        self.clock.sleep = eventful  # type: ignore[method-assign]


class CountingStore(MemoryStore):
    asked = changed = 0

    def reserve(self, horizon_us: int) -> Reply:
        self.asked += 1
        return super().reserve(horizon_us)

    def change(self, change: Change) -> tuple[BucketState, int]:
        self.changed += 1
        return super().change(change)


def test_requests_leave_a_gap_apart() -> None:
    limiter = Limiter()
    leaves = []
    for _ in range(10):
        limiter.acquire()
        leaves.append(limiter.clock.monotonic())
    assert [leave - leaves[0] for leave in leaves] == pytest.approx(
        [n * GAP for n in range(10)], abs=1e-4
    )


def test_acquire_returns_the_seconds_it_waited() -> None:
    limiter = Limiter(rate=10)
    assert limiter.acquire() == 0
    assert limiter.acquire() == pytest.approx(0.101, abs=1e-4)


def test_one_question_is_enough_for_a_slot() -> None:
    limiter = Limiter()
    for _ in range(20):
        limiter.acquire(lane=3)
    assert limiter.store.asked == 20


def test_reserve_takes_a_slot_without_waiting() -> None:
    limiter = Limiter(rate=10)
    assert limiter.reserve(0).granted
    taken = limiter.reserve(0)
    assert taken.granted
    assert taken.wait_seconds == pytest.approx(0.101, abs=1e-4)
    refused = limiter.reserve(3)
    assert not refused.granted
    assert refused.wait_seconds == pytest.approx(0.052, abs=1e-4)
    assert limiter.clock.slept == []


def test_an_operators_request_overtakes_a_backfill_that_waits() -> None:
    limiter = Limiter()
    while limiter.reserve(3).granted:
        continue
    assert limiter.acquire(lane=0) <= 0.15 + GAP


def test_a_backfill_gets_its_turn_beside_a_lane_that_is_never_idle() -> None:
    limiter = Limiter()

    def book_three_seconds_ahead() -> None:
        while limiter.store.reserve(3 * US).granted:
            continue
        limiter.on_sleep(book_three_seconds_ahead)

    book_three_seconds_ahead()
    assert 2 < limiter.acquire(lane=3) < 12


def test_a_slot_that_is_too_far_away_parks_and_is_not_taken() -> None:
    limiter = Limiter()
    limiter.penalize(60, "tmdb answered 429, Retry-After 60 s")
    before = limiter.store.read()[0]
    with pytest.raises(Parked) as parked:
        limiter.acquire()
    assert parked.value.wait_seconds == pytest.approx(60, abs=0.01)
    assert parked.value.why == "tmdb answered 429, Retry-After 60 s"
    assert limiter.store.read()[0] == before


def test_a_rate_that_others_took_parks_too() -> None:
    limiter = Limiter()
    limiter.store.change(lambda bucket, now_us: replace(bucket, next_slot_us=now_us + 9 * US))
    with pytest.raises(Parked, match="its rate is taken"):
        limiter.acquire(lane=0)


def test_a_wait_within_the_allowed_one_is_slept() -> None:
    limiter = Limiter()
    limiter.penalize(4, "429")
    assert limiter.acquire() == pytest.approx(4, abs=0.01)


def test_a_pause_that_is_lifted_meanwhile_is_noticed() -> None:
    limiter = Limiter()
    limiter.store.change(lambda bucket, now_us: replace(bucket, next_slot_us=now_us + 4 * US))
    limiter.on_sleep(
        lambda: limiter.store.change(lambda bucket, now_us: replace(bucket, next_slot_us=now_us))
    )
    assert limiter.acquire() < 1.5


def test_a_very_slow_rate_is_paced_not_parked() -> None:
    limiter = Limiter(rate=0.1)
    limiter.acquire()
    assert limiter.acquire() == pytest.approx(10.1, abs=0.01)


def test_a_stop_ends_the_wait_within_a_step() -> None:
    limiter = Limiter(stop=lambda: limiter.clock.passed > 1)
    limiter.penalize(4, "429")
    with pytest.raises(Parked, match="asked to stop"):
        limiter.acquire()
    assert limiter.clock.passed <= 1.5


def test_a_stop_reaches_those_who_queue_behind_another_thread() -> None:
    limiter = Limiter(stop=lambda: True)
    with limiter._turn(limiter._here(), 3), pytest.raises(Parked, match="asked to stop"):
        limiter.acquire()


def test_a_429_told_while_a_slot_is_waited_for_holds_it_back() -> None:
    limiter = Limiter(rate=10)
    limiter.acquire()
    limiter.on_sleep(lambda: limiter.penalize(3, "429"))
    assert limiter.acquire(lane=0) >= 3


def test_a_thread_that_woke_up_too_late_takes_a_new_slot() -> None:
    limiter = Limiter()
    limiter.acquire()
    limiter.on_sleep(lambda: limiter.clock.sleep(0.2))
    limiter.acquire(lane=0)
    assert limiter.store.asked == 3


def test_a_machine_that_is_always_late_still_works() -> None:
    limiter = Limiter()
    sleep = limiter.clock.sleep

    def oversleep(seconds: float) -> None:
        sleep(seconds + 1)
        limiter.store.reserve(US)  # somebody else is next, so the new slot is slept for again

    limiter.clock.sleep = oversleep  # type: ignore[method-assign]
    limiter.acquire()
    limiter.acquire(lane=0)
    assert 3 < limiter.clock.passed < 4, "three tries, then it leaves late rather than never"


def test_a_429_of_a_slot_given_before_the_cut_halves_nothing_again() -> None:
    limiter = Limiter()
    limiter.acquire()
    for _ in range(5):
        limiter.penalize(0, "429")
    assert limiter.state().rate == 19
    limiter.acquire()
    limiter.penalize(0, "429")
    assert limiter.state().rate == 9.5


def test_penalize_says_when_sending_resumes() -> None:
    limiter = Limiter()
    limiter.acquire()
    assert limiter.penalize(7, "429") == pytest.approx(7)
    assert limiter.penalize(None, "429") == pytest.approx(7)


def test_the_reason_kept_for_the_operator_names_no_secret() -> None:
    limiter = Limiter()
    limiter.penalize(7, "429 for https://x/?api_key=0123456789abcdef")
    assert limiter.state().reason == "429 for https://x/?api_key=[secret]"


def test_a_pause_is_told_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "popflix.lib.limiter")
    limiter = Limiter()
    limiter.penalize(4, "tmdb answered 429, Retry-After 4 s")
    limiter.acquire()
    limiter.acquire()
    assert caplog.messages == ["tmdb: no request for 4.0 s: tmdb answered 429, Retry-After 4 s"]


def test_the_pause_of_another_process_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "popflix.lib.limiter")
    limiter = Limiter()
    other = PacedLimiter("tmdb", 38, limiter.store, limiter.clock)
    other.penalize(4, "429")
    caplog.clear()
    limiter.acquire()
    assert caplog.messages == ["tmdb: no request for 4.0 s: 429"]


def test_a_halved_rate_creeps_back_with_successes() -> None:
    limiter = Limiter()
    limiter.acquire()
    limiter.penalize(0, "429")
    for _ in range(300):
        limiter.acquire()
        limiter.succeeded()
    state = limiter.state()
    assert (state.rate, state.allowed_rate, state.reason) == (38, 38, "")
    assert limiter.clock.passed < 13


def test_another_process_lets_it_creep_back_as_well() -> None:
    limiter = Limiter()
    limiter.store.change(lambda bucket, now_us: replace(bucket, rate=19.0, resume_at_us=now_us))
    for _ in range(300):
        limiter.acquire()
        limiter.succeeded()
    assert limiter.state().rate == 38


def test_a_success_costs_nothing_while_the_rate_is_whole() -> None:
    limiter = Limiter()
    for _ in range(100):
        limiter.acquire()
        limiter.succeeded()
    assert limiter.store.changed == 0


def test_a_success_costs_a_statement_every_two_seconds_while_it_is_cut() -> None:
    limiter = Limiter()
    limiter.acquire()
    limiter.penalize(0, "429")
    limiter.store.changed = 0
    while limiter.clock.passed < 6:
        limiter.acquire()
        limiter.succeeded()
    assert limiter.store.changed == 3


def test_waits_are_counted_by_reason() -> None:
    limiter = Limiter(rate=10)
    limiter.acquire()
    limiter.acquire()
    limiter.penalize(3, "tmdb answered 429")
    limiter.acquire()
    assert limiter.waits() == pytest.approx({"pacing": 0.101, "tmdb answered 429": 3}, abs=0.21)
    assert limiter.waited_seconds == pytest.approx(sum(limiter.waits().values()))


def test_a_forked_process_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = Limiter(rate=10)
    limiter.acquire()
    limiter.acquire()
    assert limiter.waits()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert limiter.waits() == {}


def test_state_tells_how_far_the_next_slot_is() -> None:
    limiter = Limiter(rate=10)
    assert limiter.state().next_slot_in_seconds == 0
    limiter.acquire()
    assert limiter.state().next_slot_in_seconds == pytest.approx(0.101, abs=1e-4)
    limiter.close()
