"""Cutting work into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunk(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of at most `size` items, in order: 201 items by 100 give 100, 100, 1.

    Takes any iterable and holds one chunk in memory. Raises ValueError if size < 1.
    """
    if size < 1:
        raise ValueError(f"chunk size must be at least 1, not {size}")
    return _chunks(iter(items), size)


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch
