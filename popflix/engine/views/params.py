"""Parameters as the command line gives them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from popflix.lib.errors import UsageError


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
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is no JSON")
