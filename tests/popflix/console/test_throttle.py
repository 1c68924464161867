"""How long who guesses passwords has to wait, and that nobody else has to."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.console.models import LoginFailures
from popflix.console.throttle import (
    FORGOTTEN_AFTER_SECONDS,
    FREE_OF_ADDRESS,
    LONGEST_WAIT_SECONDS,
    Throttle,
    wait_seconds,
)
from tests.popflix.console.clock import FakeClock
from tests.popflix.engine.vendors import on_a_server

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
HERE = "192.0.2.1"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def throttle(clock: FakeClock) -> Throttle:
    return Throttle(clock)


def test_the_wait_grows_and_never_exceeds_fifteen_minutes() -> None:
    waits = [wait_seconds(failures, 5) for failures in range(1, 14)]
    assert waits == [0, 0, 0, 0, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert wait_seconds(10**9, 5) == LONGEST_WAIT_SECONDS == 15 * 60


def test_five_failures_are_free_and_the_sixth_attempt_has_to_wait(
    throttle: Throttle, clock: FakeClock
) -> None:
    attempts = [throttle.begin("ada", HERE) for _ in range(5)]
    assert [attempt.refused_seconds for attempt in attempts] == [0] * 5
    assert [attempt.wait_seconds for attempt in attempts] == [0, 0, 0, 0, 10]
    assert throttle.begin("ada", HERE).refused_seconds == 10
    clock.sleep(9.5)
    assert throttle.begin("ada", HERE).refused_seconds == 1
    clock.sleep(0.5)
    assert throttle.begin("ada", HERE).wait_seconds == 20


def test_who_hammers_during_a_wait_does_not_prolong_it(
    throttle: Throttle, clock: FakeClock
) -> None:
    for _ in range(5):
        throttle.begin("ada", HERE)
    for _ in range(100):
        throttle.begin("ada", HERE)
    clock.sleep(10)
    assert throttle.begin("ada", HERE).refused_seconds == 0


def test_an_attack_from_elsewhere_keeps_nobody_out(throttle: Throttle) -> None:
    for number in range(60):
        throttle.begin("ada", f"198.51.100.{number // 5}")
    assert throttle.begin("ada", HERE).refused_seconds == 0


def test_one_address_that_tries_many_accounts_is_slowed_down(throttle: Throttle) -> None:
    for number in range(FREE_OF_ADDRESS):
        assert throttle.begin(f"name-{number}", HERE).refused_seconds == 0
    assert throttle.begin("another", HERE).refused_seconds == 10


def test_success_forgets_the_failures_of_that_account(throttle: Throttle) -> None:
    for _ in range(4):
        throttle.begin("ada", HERE)
    throttle.begin("ada", HERE)
    throttle.succeeded("ada", HERE)
    assert throttle.begin("ada", HERE).wait_seconds == 0


def test_an_account_of_ones_own_does_not_reset_what_the_address_did(throttle: Throttle) -> None:
    for number in range(FREE_OF_ADDRESS):
        throttle.begin(f"victim-{number}", HERE)
        if not throttle.begin("mallory", HERE).refused_seconds:
            throttle.succeeded("mallory", HERE)
    assert throttle.begin("mallory", HERE).refused_seconds > 0


def test_upper_and_lower_case_are_one_account(throttle: Throttle) -> None:
    for name in ("ada", "Ada", "ADA", "aDa", "adA"):
        throttle.begin(name, HERE)
    assert throttle.begin("ada", HERE).refused_seconds == 10


def test_after_an_hour_of_peace_all_is_forgotten(throttle: Throttle, clock: FakeClock) -> None:
    for _ in range(5):
        throttle.begin("ada", HERE)
    clock.sleep(FORGOTTEN_AFTER_SECONDS + 1)
    assert throttle.begin("ada", HERE).wait_seconds == 0
    clock.sleep(FORGOTTEN_AFTER_SECONDS + 1)
    throttle.begin("bob", "192.0.2.2")
    assert LoginFailures.objects.count() == 2  # of bob and of his address


def test_an_attempt_costs_the_same_however_many_failures_there_are(throttle: Throttle) -> None:
    throttle.begin("ada", HERE)
    with CaptureQueriesContext(connection) as few:
        throttle.begin("ada", HERE)
    for number in range(50):
        throttle.begin(f"name-{number}", f"198.51.100.{number}")
    with CaptureQueriesContext(connection) as many:
        throttle.begin("ada", HERE)
    assert len(many) == len(few) <= 5


@on_a_server
@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_time_are_all_counted(throttle: Throttle) -> None:
    allowed = []

    def try_once() -> None:
        allowed.append(not throttle.begin("ada", HERE).refused_seconds)
        connection.close()

    threads = [threading.Thread(target=try_once) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (allowed.count(True), len(allowed)) == (5, 12)
