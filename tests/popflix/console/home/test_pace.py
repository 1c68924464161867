from __future__ import annotations

import pytest

from popflix.console.home import pace


@pytest.mark.parametrize(
    ("elapsed", "seconds"), [(0, 30), (60, 30), (600, 30), (3600, 180), (86_400, 4320)]
)
def test_the_longer_a_run_lasts_the_longer_its_rate_is_taken_over(
    elapsed: float, seconds: float
) -> None:
    assert pace.window_seconds(elapsed) == seconds


def test_a_rate_is_what_was_done_in_the_time() -> None:
    assert pace.rate(1120, 1000, 30) == 4
    assert pace.rate(900, 1000, 30) == 0
    assert pace.rate(900, 0, 0) is None


def test_time_left_is_told_where_total_and_rate_are_known() -> None:
    assert pace.left_seconds(40, 100, 2.0) == 30
    assert pace.left_seconds(120, 100, 2.0) == 0
    assert pace.left_seconds(40, None, 2.0) is None
    assert pace.left_seconds(40, 100, None) is None
    assert pace.left_seconds(40, 100, 0.0) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s left"),
        (89, "89 s left"),
        (90, "2 min left"),
        (420, "7 min left"),
        (8 * 3600, "8 h left"),
        (40 * 3600, "2 days left"),
        (91 * 86_400, ""),
        (None, ""),
    ],
)
def test_time_left_in_words(seconds: float | None, words: str) -> None:
    assert pace.left_words(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"), [(0.04, "0.0"), (37.64, "37.6"), (99.94, "99.9"), (1240.4, "1,240")]
)
def test_a_rate_in_words(rate: float, words: str) -> None:
    assert pace.rate_words(rate) == words
