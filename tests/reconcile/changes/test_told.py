"""What lists, pages and notifications say of changes."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconcile.changes.told import by_kind, differences, in_state, kinds, summary, totals, zone_of
from reconcile.changes.types import ChangeKind

INDIA = ZoneInfo("Asia/Kolkata")
COUNTS = {
    "missing": {"held": 38},
    "insert": {"applied": 45, "held": 2},
    "update": {},
    "held_slices": [[3, 5]],
    "until_load": 7,
}
EVENING = "2026-01-31T20:00:00+00:00"


def test_counts_are_told_by_kind_and_other_figures_beside_them_are_left_out() -> None:
    assert by_kind(COUNTS) == {
        ChangeKind.INSERT: {"applied": 45, "held": 2},
        ChangeKind.MISSING: {"held": 38},
    }
    assert totals(COUNTS) == {ChangeKind.INSERT: 47, ChangeKind.MISSING: 38}
    assert in_state(COUNTS, "held") == {ChangeKind.INSERT: 2, ChangeKind.MISSING: 38}
    assert not in_state(COUNTS, "stale")
    assert not totals({})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({ChangeKind.MISSING: 1}, "1 missing show"),
        ({ChangeKind.UPDATE: 1200}, "1,200 updated shows"),
        ({ChangeKind.INSERT: 2, ChangeKind.MISSING: 38}, "2 new and 38 missing shows"),
        (dict.fromkeys(list(ChangeKind)[:3], 1), "1 new, 1 updated and 1 moved shows"),
    ],
    ids=["one", "many", "two kinds", "three kinds"],
)
def test_rows_are_told_as_a_person_would(rows: dict[ChangeKind, int], words: str) -> None:
    assert kinds(rows) == words


@pytest.mark.parametrize(
    ("kind", "before", "after", "words"),
    [
        ("update", {"title": "Tide"}, {"title": "Tide II"}, "title: Tide → Tide II"),
        ("update", {"rating": None, "length": 90}, {"rating": "U", "length": 95},
         "rating: nothing → U; length: 90 min → 95 min"),
        ("update", {"title": "A", "rating": "U", "format": "2D", "image_url": "x"},
         {"title": "B", "rating": "A", "format": "3D", "image_url": "y"},
         "title: A → B; rating: U → A; and 2 more"),
        ("update", {"image_url": "a" * 60}, {"image_url": "b"}, f"picture: {'a' * 39}… → b"),
        ("move", {"screen_name": "AUDI 1"}, {"screen_name": "AUDI 2"}, "screen: AUDI 1 → AUDI 2"),
        ("move", {"show_time": EVENING}, {"show_time": "2026-01-31T20:20:00+00:00"},
         "begins: 20:00 → 20:20"),
        ("update", {"image_url": f"https://img.example/{'x' * 30}/poster.jpg.jpg"},
         {"image_url": f"https://img.example/{'x' * 30}/poster.jpg"},
         "picture: …ster.jpg.jpg → …ster.jpg"),
        ("update", {"rating": "U", "missing_since": EVENING}, {"missing_since": None},
         "rating: U → nothing; missing since: 2026-01-31 20:00 UTC → nothing"),
        ("move", {"show_time": EVENING}, {"show_time": "2026-02-01T10:05:00+00:00"},
         "begins: Sat 31 Jan 20:00 → Sun 1 Feb 10:05"),
        ("insert", {}, {"title": "Tide"}, "A new show"),
        ("missing", {"is_active": "Y"}, {"is_active": "N"}, "The feed has it no more"),
        ("revive", {}, {}, "The feed has it again"),
    ],
    ids=["one field", "two fields", "more", "long", "screen", "time", "tail", "nothing", "day",
         "new", "missing", "back"],
)  # fmt: skip
def test_a_change_is_told_in_one_line(
    kind: str, before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    assert summary(kind, before, after) == words


def test_a_first_load_is_told_by_its_number_of_shows() -> None:
    assert summary("insert", {}, {}, 45) == "45 new shows"


def test_fields_stand_in_one_order_and_times_on_both_clocks() -> None:
    before = {"is_active": "Y", "show_time": "2026-01-31T14:00:00+00:00", "missing_since": None}
    after = {"missing_since": EVENING, "is_active": "N", "show_time": EVENING}
    assert differences(before, after, INDIA) == [
        (
            "begins",
            "2026-01-31 19:30 Asia/Kolkata (14:00 UTC)",
            "2026-02-01 01:30 Asia/Kolkata (2026-01-31 20:00 UTC)",
        ),
        ("active", "Y", "N"),
        ("missing since", None, "2026-02-01 01:30 Asia/Kolkata (2026-01-31 20:00 UTC)"),
    ]
    assert differences(before, after, ZoneInfo("UTC"))[0][2] == "2026-01-31 20:00 UTC"
    assert differences({"title": "Tide"}, {}) == [("title", "Tide", None)]


def test_a_cinemas_zone_goes_before_its_loads() -> None:
    assert zone_of("Asia/Kolkata", "Europe/Berlin") == INDIA
    assert zone_of("", "Asia/Kolkata") == INDIA
    assert zone_of("", "") is None
