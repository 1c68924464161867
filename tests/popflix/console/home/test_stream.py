from __future__ import annotations

from typing import Any

import pytest

from popflix.console.home.stream import words

LONG = "x" * 500


@pytest.mark.parametrize(
    ("kind", "milestone", "payload", "told"),
    [
        ("queued", "", {"trigger": "schedule"}, "by its schedule"),
        ("queued", "", {"trigger": "admin", "by": "anna"}, "from the admin, by anna"),
        ("queued", "", {"trigger": "odd"}, "odd"),
        ("queued", "", {}, ""),
        ("start", "", {"host": "vm", "pid": 17}, ""),
        ("error", "", {"why": "TMDB refused the key."}, "TMDB refused the key."),
        ("pause", "", {"holder": "operator", "by": "anna", "why": "mended"}, "by anna: mended"),
        ("resume", "", {"holder": "operator", "by": "anna", "why": ""},
         "holder=operator by=anna"),
        ("resume", "", {"host": "vm", "pid": 17}, ""),
        ("note", "", {"text": "30 put back"}, "30 put back"),
        ("milestone", "batch-318", {"settled": 98}, "batch-318: settled=98"),
        ("milestone", "batch-318", {"text": "half"}, "batch-318: text=half"),
        ("milestone", "batch-318", {}, "batch-318"),
        ("error", "", {"why": "a\x1b[31m\nb"}, "a [31m b"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)  # fmt: skip
def test_an_event_in_words(kind: str, milestone: str, payload: dict[str, Any], told: str) -> None:
    assert words(kind, milestone, payload) == told


def test_what_is_complete_tells_what_was_done() -> None:
    assert words("complete", "", {}, 31870, 27) == "31,870 done, 27 failed"
    assert words("complete", "", {}, 31870, 0) == "31,870 done"
    assert words("complete", "", {}) == ""


@pytest.mark.parametrize("payload", [{"why": LONG}, {"trigger": LONG}, {"by": "a", "why": LONG}])
def test_no_line_is_long(payload: dict[str, Any]) -> None:
    for kind in ("error", "queued", "milestone"):
        assert len(words(kind, "", payload)) <= 140
