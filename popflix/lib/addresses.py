"""Addresses that a setting or an operator names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

STANDARD_INPUT = "-"


def is_http(url: str) -> bool:
    """Whether the text is an http or https address with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def is_address(place: str) -> bool:
    """Whether a place to read from is an address, not a path or standard input."""
    return place.startswith(("http://", "https://"))


def shown_place(place: str) -> str:
    """A place as everybody may read it: a whole path, an address without password and query."""
    if place == STANDARD_INPUT:
        return place
    if not is_address(place):
        return str(Path(place).absolute())
    try:
        parts = urlsplit(place)
    except ValueError:  # such as brackets that hold no IPv6 address
        return f"{place.partition('://')[0]}://"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
