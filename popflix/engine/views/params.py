"""Parameters as the command line gives them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from popflix.lib.errors import UsageError

_DEEPEST = 20  # levels of a value: MariaDB takes no JSON of over thirty


def parse_params(given: Iterable[str]) -> dict[str, object]:
    """`k=v` each: v is JSON where it parses, else text. Raises UsageError."""
    params: dict[str, object] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(
                f"The parameter {text!r} is not of the form k=v.",
                "Write it as in --param limit=10.",
            )
        if key in params:
            raise UsageError(f"The parameter {key} is given twice.", "Give each one once.")
        params[key] = _value(value)
    return params


def _value(text: str) -> object:
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    return value if _is_shallow(value) else text


def _is_shallow(value: object) -> bool:
    """Whether it can be shown: who reads what is nested without end has no end of the stack."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [each for outer in level for each in _within(outer)]
        if not level:
            return True
    return False


def _within(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is no JSON")
