"""Parameters and results, which are JSON, as rows of a name and a value. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping

from popflix.console.pieces.shapes import figure
from popflix.engine.views.words import cut

_LONGEST = 400
_MOST_ROWS = 60
_MOST_OF_A_LIST = 30
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def rows(data: Mapping[str, object]) -> list[tuple[str, str]]:
    """`{"waits": {"TMDB": 1200}}` is `("Waits: TMDB", "1,200")`; what is too much is said."""
    found = list(_rows(data, ""))
    more = len(found) - _MOST_ROWS
    return [*found[:_MOST_ROWS], *([("And more", f"{more:,} rows")] if more > 0 else [])]


def _rows(data: Mapping[str, object], above: str) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        name = f"{above}: {key}" if above else _words(key)
        if isinstance(value, Mapping) and value:
            yield from _rows(value, name)
        else:
            yield name, told(value)


def _words(key: str) -> str:
    """`waited_seconds` is `Waited seconds`."""
    words = str(key).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def told(value: object) -> str:
    """A value as an operator reads it; nothing for what says nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return figure(value)
    if isinstance(value, list):
        return _listed(value)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{dt.datetime.fromisoformat(value).astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    return "" if value is None or value == {} else cut(str(value), _LONGEST)


def _listed(values: list[object]) -> str:
    shown = ", ".join(told(each) or "–" for each in values[:_MOST_OF_A_LIST])
    more = len(values) - _MOST_OF_A_LIST
    return cut(shown, _LONGEST) + (f" and {more:,} more" if more > 0 else "")
