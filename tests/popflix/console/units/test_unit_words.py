"""A unit in words."""

from __future__ import annotations

import pytest

from popflix.console.units import words
from popflix.engine.retry import RetryPolicy
from popflix.engine.schedules.cadence import Cadence
from popflix.lib.errors import UsageError


def test_parameters_are_lines_of_name_and_value() -> None:
    typed = "limit = 10\r\n\n  kinds=[1, 2]\nplace=a=b\nempty="
    assert words.typed_params(typed) == {
        "limit": 10, "kinds": [1, 2], "place": "a=b", "empty": "",
    }  # fmt: skip


@pytest.mark.parametrize("line", ["limit", "=10", "=", "limit 10"])
def test_a_line_that_is_no_pair_is_named(line: str) -> None:
    with pytest.raises(UsageError, match="is not name=value"):
        words.typed_params(f"size=1\n{line}")


def test_known_parameters_are_told_with_their_defaults() -> None:
    known: dict[str, object] = {
        "limit": None,
        "ids": [],
        "size": 100,
        "mode": "all",
        "long": "x" * 80,
    }
    assert words.known_params(known) == [
        "limit", "ids", "size=100", "mode=all", f"long={'x' * 59}…",
    ]  # fmt: skip


def test_a_retry_policy_is_told_in_sentences() -> None:
    once = words.retries(RetryPolicy(crashes=1))
    assert once == [
        "A run that fails is not tried again by itself.",
        "A run whose process dies is lost.",
    ]
    twice = words.retries(RetryPolicy(attempts=2, base_seconds=30))
    assert "tried 2 times in all" in twice[0]
    assert twice[0].endswith("it waits up to 30 s.")
    many = words.retries(
        RetryPolicy(attempts=5, base_seconds=20, cap_seconds=300, deadline_seconds=900)
    )
    assert "twice as long before each further one, at most 5 min" in many[0]
    assert many[1] == "No attempt starts later than 15 min after the first was queued."
    assert many[-1] == "A run whose process dies 3 times in a row without progress is lost."


@pytest.mark.parametrize(
    ("cadence", "told"),
    [
        (Cadence(every_seconds=900), "every 15 min"),
        (Cadence(every_seconds=5), "every 5 s"),
        (Cadence("0 4 * * *", None, "Asia/Tokyo"), "0 4 * * * in Asia/Tokyo"),
    ],
    ids=["minutes", "seconds", "cron"],
)
def test_a_timetable_is_told_as_one_says_it(cadence: Cadence, told: str) -> None:
    assert words.when(cadence) == told


def test_jitter_is_told_where_there_is_some() -> None:
    assert words.jitter(0) == ""
    assert words.jitter(600) == "Each firing comes up to 10 min later."


def test_a_process_is_told_by_its_units() -> None:
    assert words.work_of(["a", "b"], "parallel") == "Runs at once: a, b."
    assert "one after the other: a, b." in words.work_of(["a", "b"], "sequential")
