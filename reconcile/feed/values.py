"""The values of a feed's rows, read or refused: each function raises ValueError with what is
wrong, as part of a sentence. Pure.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

MISSING = msgspec.UNSET  # the row has no such key
_LARGEST = 2**31 - 1


def clean(text: str) -> str:
    """Key text: composed letters (NFC), no-break spaces plain, no spaces at the edges."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).replace("\xa0", " ")
    return text.strip()


def key_text(value: Any) -> str:
    text = clean(required(value))
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return text


def required(value: Any) -> str:
    if value is MISSING:
        raise ValueError("is missing")
    text = text_of(value)
    if text is None or not text.strip():
        raise ValueError("is empty")
    return text


def text_of(value: Any) -> str | None:
    if value is None or value is MISSING:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"is {_kind(value)} where a text is meant")
    if "\0" in value:
        raise ValueError("holds a character that cannot be stored")
    return value


def number_of(value: Any) -> int:
    if value is MISSING:
        raise ValueError("is missing")
    if value is None:
        raise ValueError("is empty")
    if isinstance(value, str) and value.isascii() and value.strip().isdigit():
        value = int(value) if len(value) < 20 else _LARGEST + 1
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"is {_kind(value)} where a whole number is meant")
    if not 0 <= value <= _LARGEST:
        raise ValueError(f"is {value}, which is no number from 0 to {_LARGEST}")
    return value


def length_of(value: Any) -> int | None:
    if value is None or value is MISSING or value == "":
        return None
    return number_of(value)


def name_of(value: Any) -> str:
    """A cinema's name is no key: what cannot be read is none."""
    text = clean(value) if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable())


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    kinds = {list: "a list", dict: "an object", bool: "true or false", float: "a fraction"}
    return kinds.get(type(value), "something else")
