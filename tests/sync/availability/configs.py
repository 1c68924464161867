"""Entries of POPFLIX_PROVIDERS with invented hosts."""

from __future__ import annotations

from typing import Any

from sync.availability.config import parse_providers
from sync.availability.types import ProviderConfig

CONTROLS = {"available": [11, 12], "unavailable": [21]}
TMDB: dict[str, Any] = {"name": "tmdb", "kind": "tmdb", "regions": ["US", "DE"]}
URL: dict[str, Any] = {
    "name": "player",
    "kind": "url",
    "template": "https://player.example/embed/movie/{tmdb_id}",
    "body_contains": ["data-player"],
    "controls": CONTROLS,
}
LIST: dict[str, Any] = {
    "name": "ids",
    "kind": "list",
    "template": "/lists/ids.json",
    "controls": CONTROLS,
}


def config(entry: dict[str, Any], **changes: Any) -> ProviderConfig:
    """A value of None takes the field away."""
    fields = {name: value for name, value in {**entry, **changes}.items() if value is not None}
    return parse_providers([fields])[0]
