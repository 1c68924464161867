"""What differs between a staged row and its master row."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.changes.policy.diff import ALL, Difference, before_after, changed, told
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.types import COMPARED, KEY, Row
from tests.reconcile.changes.rows import show

TEXT = st.sampled_from(["", "HINDI", "Hindi", "e\u0301", "é", "AUDI 2", "AUDI 2 ", "null", "0"])
ROWS = st.builds(
    Row,
    id=st.integers(1, 5),
    movie_id=TEXT,
    cinema_id=st.integers(0, 2),
    screen_name=TEXT,
    show_time=st.datetimes(
        dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, 0, 0, 2), timezones=st.just(dt.UTC)
    ),
    title=TEXT,
    rating=st.none() | TEXT,
    length=st.none() | st.integers(0, 2),
    format=st.none() | TEXT,
    genere=st.none() | TEXT,
    is_active=st.none() | TEXT,
    image_url=st.none() | TEXT,
)

EXPECTED = "f338d5022a530a631d54ae5641f0ee9dd79efd1317be019d74bccf8d78593e7f"


@pytest.mark.parametrize(
    ("before", "after"),
    [("HINDI", "Hindi"), ("e\u0301", "é"), ("2D", "2D "), (None, ""), ("", None), ("Y", "N")],
)
def test_values_that_a_collation_takes_for_equal_differ(
    before: str | None, after: str | None
) -> None:
    master, staged = show("10:00", format=before), show("10:00", format=after)
    assert changed(staged, master) == {"format": Difference(before, after)}
    assert fingerprint(staged) != fingerprint(master)


def test_only_the_seven_compared_fields_count_unless_others_are_asked_for() -> None:
    master = show("10:00", "AUDI 1", id=1)
    staged = show("10:30", "AUDI 2", id=2, missing_since=master.show_time)
    assert changed(staged, master) == {}
    assert list(changed(staged, master, KEY)) == ["screen_name", "show_time"]


def test_a_change_keeps_before_and_after_as_json() -> None:
    found = changed(show("10:30", length=None), show("10:00"), ALL)
    before, after = before_after(found)
    assert before == {"show_time": "2026-01-31T10:00:00+00:00", "length": 120}
    assert after == {"show_time": "2026-01-31T10:30:00+00:00", "length": None}
    assert json.loads(json.dumps(after)) == after


def test_an_insert_keeps_all_fields_and_instants_in_utc() -> None:
    india = dt.timezone(dt.timedelta(hours=5, minutes=30))
    row = show("10:00")
    row = dataclasses.replace(row, show_time=row.show_time.astimezone(india))
    kept = told(row)
    assert tuple(kept) == ALL
    assert kept["show_time"] == "2026-01-31T10:00:00+00:00"
    assert kept["image_url"] is None


@given(ROWS, ROWS)
def test_the_diff_is_what_a_field_by_field_look_finds(staged: Row, master: Row) -> None:
    found = changed(staged, master)
    for name in COMPARED:
        before, after = getattr(master, name), getattr(staged, name)
        if repr(before) == repr(after):
            assert name not in found
        else:
            assert found[name] == Difference(before, after)


@given(ROWS, ROWS)
def test_two_fingerprints_are_equal_if_and_only_if_nothing_differs(one: Row, other: Row) -> None:
    differ = bool(changed(one, other, ALL))
    assert (fingerprint(one) != fingerprint(other)) == differ


def test_a_fingerprint_is_the_same_on_every_machine_and_day() -> None:
    """It is kept in change sets: another way to count it makes all of them stale."""
    assert fingerprint(show("10:00")) == EXPECTED
    india = dt.timezone(dt.timedelta(hours=5, minutes=30))
    elsewhere = dataclasses.replace(
        show("10:00"), id=9, show_time=show("10:00").show_time.astimezone(india)
    )
    assert fingerprint(elsewhere) == EXPECTED
