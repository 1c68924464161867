"""Answers of watch/providers of TMDB's true shape, with invented contents."""

from __future__ import annotations

import json
from typing import Any


def service(number: int, name: str) -> dict[str, Any]:
    return {
        "logo_path": "/invented.jpg",
        "provider_id": number,
        "provider_name": name,
        "display_priority": 4,
    }


def region(code: str, **kinds: list[dict[str, Any]]) -> dict[str, Any]:
    link = f"https://www.themoviedb.org/movie/5-the-glass-harbour/watch?locale={code}"
    return {"link": link, **kinds}


RESULTS: dict[str, Any] = {
    "AT": region("AT"),
    "DE": region("DE", flatrate=[service(1, "Harbour+"), service(2, "Pier")]),
    "US": region(
        "US",
        flatrate=[service(1, "Harbour+")],
        rent=[service(3, "Quay Rentals")],
        buy=[service(3, "Quay Rentals"), service(4, "Boathouse")],
        ads=[service(5, "Foghorn")],
        free=[service(6, "Lighthouse")],
    ),
}


def answer(results: dict[str, Any] | None = None, number: int = 5) -> bytes:
    return json.dumps({"id": number, "results": RESULTS if results is None else results}).encode()
