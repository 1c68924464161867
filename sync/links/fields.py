"""What a field of IMDb's files may hold, and the value it stands for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

NULL = "\\N"
LARGEST_INTEGER = 2**31 - 1

_TYPE_FORM = re.compile(r"[A-Za-z]{1,20}")
_RATING_FORM = re.compile(r"10(\.0)?|[0-9](\.[0-9])?")
_MOST_DIGITS = 18

Convert = Callable[[str], object]
"""Makes a value of a field's text; raises ValueError with the reason as the end of a sentence."""


def text_of(width: int | None) -> Convert:
    """Any text of at most `width` characters; `\\N` is None."""

    def convert(value: str) -> str | None:
        if value == NULL:
            return None
        if width is not None and len(value) > width:
            raise ValueError(f"has {len(value)} characters where the column takes {width}")
        return value

    return convert


def whole_number_of(most: int, *, optional: bool = True) -> Convert:
    """A whole number from 0 to `most`; `\\N` is None where it is `optional`."""

    def convert(value: str) -> int | None:
        if value == NULL and optional:
            return None
        if not (value.isascii() and value.isdigit()):
            raise ValueError("is no whole number")
        if len(value) > _MOST_DIGITS or int(value) > most:
            raise ValueError(f"is more than {most}")
        return int(value)

    return convert


def id_of(width: int | None, form: re.Pattern[str]) -> Convert:
    within = text_of(width)

    def convert(value: str) -> object:
        if not form.fullmatch(value):
            within(value)  # too long has a better reason
            raise ValueError("is no IMDb id (tt and at least seven digits)")
        return value

    return convert


def type_of(width: int | None) -> Convert:
    within = text_of(width)

    def convert(value: str) -> object:
        if not is_type(value):
            raise ValueError("is no title type")
        return within(value)

    return convert


def rating(value: str) -> str:
    # Kept as text: each database makes of it what its column holds.
    if not _RATING_FORM.fullmatch(value):
        raise ValueError("is no rating from 0 to 10 with one decimal")
    return value


def is_type(text: str) -> bool:
    """Whether this is a title type, known or not, or NULL."""
    return text == NULL or _TYPE_FORM.fullmatch(text) is not None
