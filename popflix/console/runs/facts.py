"""Parameters and results, which are JSON, as rows of a name and a value. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping

from popflix.console.pieces.shapes import figure
from popflix.engine.views.words import cut, one_line

_LONGEST = 400
_DEEPEST = 8  # levels that are shown
_MOST_ROWS = 60
_MOST_OF_A_LIST = 30
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def named(data: object) -> Mapping[str, object]:
    """As it should be; whatever else was stored is one value."""
    return data if isinstance(data, Mapping) else {"value": data}


def rows(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """`{"waits": {"TMDB": 1200}}` is `("Waits: TMDB", "1,200")`; what is too much is said."""
    found = list(_rows(data, "", _DEEPEST))
    more = len(found) - _MOST_ROWS
    return [*found[:_MOST_ROWS], *([("And more", f"{more:,} rows")] if more > 0 else [])]


def _rows(data: Mapping[str, object], above: str, deeper: int) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        name = one_line(f"{above}: {key}" if above else _words(key))
        if isinstance(value, Mapping) and value and deeper:
            yield from _rows(value, name, deeper - 1)
        else:
            yield name, told(value, deeper)


def _words(key: str) -> str:
    """`waited_seconds` is `Waited seconds`."""
    words = str(key).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def told(value: object, deeper: int = _DEEPEST) -> str:
    """A value as an operator reads it; nothing for what says nothing."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return figure(value)
    if isinstance(value, str):
        return _instant(value) or cut(value, _LONGEST)
    if not deeper:
        return "…"
    if isinstance(value, list):
        return _listed(value, deeper)
    parts = [f"{key}: {told(each, deeper - 1)}" for key, each in named(value).items()]
    return cut(", ".join(parts), _LONGEST)


def _instant(text: str) -> str:
    """Empty for what is none."""
    try:
        at = dt.datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else None
        return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""
    except (ValueError, OverflowError):  # it only looks like one
        return ""


def _listed(values: list[object], deeper: int) -> str:
    shown = ", ".join(told(each, deeper - 1) or "–" for each in values[:_MOST_OF_A_LIST])
    more = len(values) - _MOST_OF_A_LIST
    return cut(shown, _LONGEST) + (f" and {more:,} more" if more > 0 else "")
