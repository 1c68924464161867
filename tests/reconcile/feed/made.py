"""Invented feeds of the true shape, in few words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def row(number: int = 0, **facts: Any) -> dict[str, Any]:
    """One show of cinema 1; each number starts ten minutes later on the same screen."""
    told = {
        "movie_showTime": f"2026-01-28T{10 + number // 6:02d}:{number % 6}0:00.000Z",
        "screen_name": "AUDI 1",
        "is_active": "Y",
        "movie_ID": "HO00000001",
        "movie_title": "THE LONG ROAD (HINDI)",
        "movie_rating": "U/A 13+",
        "movie_length": 120,
        "movie_cast": None,
        "movie_format": "2D",
        "cinema_name": "Cinema One",
        "cinema_id": 1,
        "movie_genere": "Drama",
        "movie_id": 11323,
        "movie_image_new": "https://images_new.example/uploads/1-THE LONG ROAD (HINDI).jpg.jpg",
    }
    return {**told, **facts}


def rows(count: int, **facts: Any) -> list[dict[str, Any]]:
    return [row(number, **facts) for number in range(count)]


def feed(shows: Sequence[Any], **envelope: Any) -> bytes:
    told = {"status": True, "statusCode": 200, "message": "Success", **envelope}
    return json.dumps({**told, "data": {"allShows": list(shows)}}).encode()


def write(path: Path, shows: Sequence[Any], **envelope: Any) -> Path:
    body = feed(shows, **envelope)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path
