"""Cutting into batches loses nothing and keeps the order."""

from __future__ import annotations

from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.lib.batches import chunk


def test_201_items_by_100_give_100_100_1() -> None:
    assert [len(batch) for batch in chunk(range(201), 100)] == [100, 100, 1]


def test_nothing_gives_no_batch() -> None:
    assert list(chunk([], 100)) == []


def test_an_endless_source_is_read_batch_by_batch() -> None:
    assert list(islice(chunk(count(), 2), 2)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("size", [0, -1])
def test_an_impossible_size_is_refused_at_once(size: int) -> None:
    with pytest.raises(ValueError, match=f"not {size}"):
        chunk([1], size)


@given(st.lists(st.integers()), st.integers(1, 50))
def test_joined_again_the_batches_are_the_items(items: list[int], size: int) -> None:
    batches = list(chunk(items, size))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1])
