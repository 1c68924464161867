"""Which column is which: by name, else by a name that looks alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from popflix.lib.schema.descriptions import Column, Wanted


def pair(
    vendor: str, wanted: Iterable[Wanted], actual: Iterable[Column]
) -> tuple[list[tuple[Wanted, Column]], list[Wanted], list[Column]]:
    """Match columns by name, then by names that look alike; return pairs, missing, extras."""
    left = {fold(vendor, column.name): column for column in actual}
    pairs, missing = [], []
    for column in wanted:
        if found := left.pop(fold(vendor, column.name), None):
            pairs.append((column, found))
        else:
            missing.append(column)
    for looks_alike in (_same_letters, _shares_words):
        for column in list(missing):
            for folded, found in left.items():
                if looks_alike(column.name, found.name):
                    pairs.append((column, left.pop(folded)))
                    missing.remove(column)
                    break
    return pairs, missing, list(left.values())


def fold(vendor: str, name: str) -> str:
    """Column names differ by case on PostgreSQL only."""
    return name if vendor == "postgresql" else name.lower()


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def _same_letters(one: str, other: str) -> bool:
    return one.replace("_", "").lower() == other.replace("_", "").lower()


def _shares_words(one: str, other: str) -> bool:
    first, second = _words(one), _words(other)
    return first <= second or second <= first
