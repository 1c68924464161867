"""Invented feeds of the true shape, of any size: cinemas with screens and a week of shows."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHOWS_A_CINEMA = 252  # 6 screens x 6 shows x 7 days
BEGIN = dt.datetime(2026, 2, 2, 4, tzinfo=dt.UTC)
CHANGED_EVERY = 100  # one in a hundred
_SCREENS, _SHOWS_A_DAY = 6, 6
_FILMS = 200
_WORDS = ("LONG", "ROAD", "BORDER", "RIVER", "NIGHT", "É TOILE", "KING", "2", "GARDEN", "RETURN")
_HEAD = '{"status":true,"statusCode":200,"message":"Success","data":{"allShows":['


def write_feed(path: Path, rows: int, *, is_changed: bool = False) -> Path:
    """So many shows; where it is changed, one in a hundred has another rating."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        for number, row in enumerate(_rows(rows)):
            if is_changed and number % CHANGED_EVERY == CHANGED_EVERY // 2:
                row["movie_rating"] = "A"
            file.write("," * (number > 0) + json.dumps(row, ensure_ascii=False))
        file.write("]}}")
    return path


def _rows(count: int) -> Iterator[dict[str, Any]]:
    films = _films()
    for number in range(count):
        cinema, at = divmod(number, SHOWS_A_CINEMA)
        at = at * 65 % SHOWS_A_CINEMA  # cinema by cinema, but in no order, as the real feed is
        day, rest = divmod(at, _SCREENS * _SHOWS_A_DAY)
        screen, show = divmod(rest, _SHOWS_A_DAY)
        begin = BEGIN + dt.timedelta(days=day, hours=show * 2.5, minutes=screen * 5)
        yield {
            "movie_showTime": begin.strftime("%Y-%m-%dT%H:%M:00.000Z"),
            "screen_name": f"AUDI {screen + 1}",
            "is_active": "Y",
            **films[number * 7919 % _FILMS],
            "movie_cast": None,
            "cinema_name": f"Cinema of Town {cinema + 1}",
            "cinema_id": cinema + 1,
        }


def _films() -> list[dict[str, Any]]:
    dice = random.Random(1)
    made = []
    for number in range(_FILMS):
        title = f"{' '.join(dice.sample(_WORDS, 3))} (HINDI)"
        made.append({
            "movie_ID": f"HO{number:08d}",
            "movie_title": title,
            "movie_rating": dice.choice(("U", "U/A 13+", "U/A 16+")),
            "movie_length": dice.randint(80, 200),
            "movie_format": dice.choice(("2D", "3D", "IMAX")),
            "movie_genere": dice.choice(("Action", "Drama", "Comedy, Drama")),
            "movie_id": 10_000 + number,
            "movie_image_new": f"https://images.example/uploads/{number}-{title}.jpg.jpg",
        })  # fmt: skip
    return made
