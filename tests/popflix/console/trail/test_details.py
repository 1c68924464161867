"""What an entry kept, as changes and facts."""

from __future__ import annotations

import json

import pytest

from popflix.console.trail.details import Told, told


@pytest.mark.parametrize(
    ("kept", "changes", "facts"),
    [
        ({}, [], []),
        (
            {"tmdb_id": {"before": None, "after": 603}, "media_type": "movie"},
            [("tmdb id", "", "603")],
            [("media type", "movie")],
        ),
        (
            {"before": {"year": 1999, "is_adult": False}, "after": {"year": 2000, "type": "tv"}},
            [("year", "1999", "2000"), ("is adult", "no", ""), ("type", "", "tv")],
            [],
        ),
        ({"before": "a", "after": "b", "run": 7}, [("value", "a", "b")], [("run", "7")]),
        ({"keys": ["tt1", "tt2"], "dry": True}, [], [("keys", "tt1, tt2"), ("dry", "yes")]),
        (
            {"changes": [{"changed": {"fields": ["First name", "E-mail"]}}]},
            [],
            [("changes", "changed: fields: First name, E-mail")],
        ),
        ([1, "two"], [], [("value", "1, two")]),
        ({"half": "a\ud800b"}, [], [("half", "a b")]),
        ({"deep": json.loads("[" * 30 + "]" * 30)}, [], [("deep", "…")]),
        ({"deep": json.loads('{"a":' * 30 + "1" + "}" * 30)}, [], [("deep", "a: " * 8 + "…")]),
    ],
    ids=["nothing", "by field", "by side", "texts", "lists", "of Django",
         "a list", "half a letter", "nested", "nested by name"],
)  # fmt: skip
def test_details_are_told(
    kept: dict[str, object], changes: list[object], facts: list[object]
) -> None:
    assert told(kept) == Told(changes, facts)  # type: ignore[arg-type]
