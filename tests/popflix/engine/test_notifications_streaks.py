"""When the end of a run is news."""

from __future__ import annotations

import datetime as dt

import pytest

from popflix.engine.notifications.streaks import Ended, Turn, turn
from tests.popflix.engine.fakes import NOON

OK, ERROR, LOST, CANCELLED = "completed", "error", "lost", "cancelled"


def history(*statuses: str) -> list[Ended]:
    """Runs 1, 2, 3 … that ended one after the other."""
    return [
        Ended(n, status, NOON + dt.timedelta(minutes=n)) for n, status in enumerate(statuses, 1)
    ]


def turns(*statuses: str) -> list[str]:
    runs = history(*statuses)
    return [str(turn(run, runs[:n])) for n, run in enumerate(runs)]


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ([OK, OK], ["", ""]),
        ([ERROR], ["failure"]),
        ([OK, ERROR, ERROR, LOST, OK, OK], ["", "failure", "", "", "recovery", ""]),
        ([LOST, OK, ERROR], ["failure", "recovery", "failure"]),
        ([ERROR, CANCELLED, ERROR], ["failure", "", ""]),
        ([ERROR, CANCELLED, OK], ["failure", "", "recovery"]),
        ([CANCELLED, OK], ["", ""]),
    ],
)
def test_the_first_failure_and_the_recovery_are_news(statuses: list[str], told: list[str]) -> None:
    assert turns(*statuses) == told


def test_a_failure_that_is_tried_again_by_itself_is_none_yet() -> None:
    first = Ended(1, ERROR, NOON)
    second = Ended(2, OK, NOON + dt.timedelta(minutes=1), attempt=2, retry_of=1)
    assert turn(second, [first]) is Turn.NONE
    failed = Ended(2, ERROR, second.at, attempt=2, retry_of=1)
    assert turn(failed, [first]) is Turn.FAILURE


def test_a_failure_that_a_person_retries_is_one() -> None:
    first = Ended(1, ERROR, NOON)
    again = Ended(2, OK, NOON + dt.timedelta(minutes=1), attempt=1, retry_of=1)
    assert turn(again, [first]) is Turn.RECOVERY


def test_runs_count_in_the_order_in_which_they_ended() -> None:
    """In a unit of several slots run 1 may end after runs 2 and 3."""
    late = Ended(1, ERROR, NOON + dt.timedelta(minutes=9))
    assert turn(late, history(OK, OK, ERROR)[1:]) is Turn.NONE
    assert turn(late, history(OK, ERROR, OK)[1:]) is Turn.FAILURE
