"""Shows for the policies, told shortly."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reconcile.changes.types import Row
from reconcile.feed.words import is_active

SATURDAY = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)


def at(clock: str, day: int = 0) -> dt.datetime:
    """`at("19:30")` on the Saturday, in UTC."""
    hours, minutes = clock.split(":")
    return SATURDAY + dt.timedelta(days=day, hours=int(hours), minutes=int(minutes))


def show(clock: str, screen: str = "AUDI 1", day: int = 0, **values: Any) -> Row:
    """A show of the film F1 at cinema 3; its id, if not given, is made from when and where."""
    row: dict[str, Any] = {
        "movie_id": "F1", "cinema_id": 3, "screen_name": screen, "show_time": at(clock, day),
        "title": "Harbour Lights", "rating": "U", "length": 120, "format": "2D",
        "genere": "Drama", "is_active": "Y", "image_url": None,
    }  # fmt: skip
    row.update(values)
    row.setdefault("id", int(row["show_time"].timestamp()) % 10**6 * 100 + len(screen))
    return Row(**row)


def of_the_real_feed(recordings: Path) -> list[Row]:
    """One row per key of the recorded feed, an active one before an inactive one."""
    [path] = (recordings / "shows").glob("*.json")
    return of_shows(json.loads(path.read_bytes())["data"]["allShows"])


def of_shows(shows: Iterable[Mapping[str, Any]]) -> list[Row]:
    found: dict[tuple[object, ...], Row] = {}
    for line, told in enumerate(shows, 1):
        row = Row(
            line, told["movie_ID"], told["cinema_id"], told["screen_name"].strip(),
            dt.datetime.fromisoformat(told["movie_showTime"]), told["movie_title"],
            told["movie_rating"], told["movie_length"], told["movie_format"],
            told["movie_genere"], told["is_active"], told["movie_image_new"],
        )  # fmt: skip
        if row.key not in found or is_active(row.is_active):
            found[row.key] = row
    return list(found.values())
