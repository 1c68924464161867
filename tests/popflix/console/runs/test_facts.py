"""Parameters and results in words."""

from __future__ import annotations

import json

import pytest

from popflix.console.runs.facts import named, rows, told


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "yes"), (False, "no"), (None, ""), ({}, ""), (48210, "48,210"), (0.25, "0.25"),
        ("plain", "plain"), (["a", 1, None], "a, 1, –"),
        ("2026-03-01T12:00:05+01:00", "2026-03-01 11:00:05 UTC"), ("2026-03-01", "2026-03-01"),
        ("2026-99-01T12:00:05Z", "2026-99-01T12:00:05Z"),
        ("0001-01-01T00:00+14:00", "0001-01-01T00:00+14:00"),
        ([{"a": [1, None]}, {}], "a: 1, –, –"), (10**30, f"{10**30:,}"), ("a\ud800\x1bb", "a  b"),
    ],
)  # fmt: skip
def test_a_value_is_told_as_one_reads_it(value: object, words: str) -> None:
    assert told(value) == words


def test_what_is_nested_is_named_with_what_it_is_in() -> None:
    found = rows({"waited_seconds": 3, "waits": {"TMDB": {"429": 2}}, "none": {}})
    assert found == [("Waited seconds", "3"), ("Waits: TMDB: 429", "2"), ("None", "")]


def test_what_is_too_much_is_said() -> None:
    assert rows({str(n): n for n in range(70)})[-1] == ("And more", "10 rows")
    assert told(list(range(40))).endswith("29 and 10 more")
    assert len(told("x" * 1000)) == 400


@pytest.mark.parametrize("nested", ["[" * 30 + "]" * 30, '{"a":' * 30 + "1" + "}" * 30])
def test_what_is_nested_without_end_ends_on_the_page(nested: str) -> None:
    (row,) = rows({"deep": json.loads(nested)})
    assert row[1].endswith("…")


@pytest.mark.parametrize("stored", [[1], "text", None, 7])
def test_what_is_no_table_is_one_value(stored: object) -> None:
    assert named(stored) == {"value": stored}
    assert named({"a": 1}) == {"a": 1}
