"""Which errors belong together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.engine.grouping import LENGTH, error_group


@pytest.mark.parametrize(
    ("error", "group"),
    [
        ("", ""),
        ("KeyError: 'title'", "KeyError: 'title'"),
        ("Gave up after 5 attempts: TMDB answered 503",
         "Gave up after <n> attempts: TMDB answered 503"),
        ("row 17 of 4,300.5 at 12:30", "row <n> of <n> at <n>"),
        ("cannot reach https://user@host:8/p?q=1 now", "cannot reach <url> now"),
        ("<Foo object at 0x7f3a2c> broke", "<Foo object at <id>> broke"),
        ("load 0f8fad5b-d9cb-469f-a165-70867728950e is gone", "load <id> is gone"),
        ("digest 3fa9c1d2e8b74a55 differs", "digest <id> differs"),
        ("nobody called anna.b@example.org", "nobody called <address>"),
        ("silent since 2026-03-01 12:00:00.5+00:00", "silent since <time>"),
        ("silent since 2026-03-01T12:00:00Z", "silent since <time>"),
        ("silent since 2026-03-01", "silent since <time>"),
        ("unknown: tt0111161, tt0068646 and tt12, sorry", "unknown: tt<n>, sorry"),
        ("(1213, 'Deadlock found')", "(<n>, 'Deadlock found')"),
        ("two\n  lines\tand  blanks ", "two lines and blanks"),
        ("a decade of defaced facades", "a decade of defaced facades"),
    ],
)  # fmt: skip
def test_figures_are_left_out_and_words_stay(error: str, group: str) -> None:
    assert error_group(error) == group


def test_statuses_keep_errors_apart() -> None:
    assert error_group("TMDB answered 503") != error_group("TMDB answered 429")
    assert error_group("status=404") != error_group("status=500")


def test_a_group_is_short_however_long_the_error_is() -> None:
    assert error_group("x" * 1_000_000) == "x" * LENGTH
    assert error_group("word " * 1000).endswith("word")


@given(st.text(max_size=300))
def test_the_group_of_a_group_is_itself(error: str) -> None:
    group = error_group(error)
    assert len(group) <= LENGTH
    assert error_group(group) == group


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_two_errors_that_differ_in_a_figure_are_one_group(one: int, other: int) -> None:
    assert error_group(f"run {one} was lost") == error_group(f"run {other} was lost")
