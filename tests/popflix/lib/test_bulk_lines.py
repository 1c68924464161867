"""Bytes become a header and numbered blocks of whole lines, cut into batches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.lib.bulk import Block, BrokenSource, Table, cut_batches, open_table, skip_lines


def opened(text: bytes, size: int = 5) -> Table:
    return open_table(text[at : at + size] for at in range(0, len(text), size))


def lines(blocks: Iterator[Block] | list[Block]) -> list[tuple[int, bytes]]:
    found = []
    for block in blocks:
        parts = block.text.split(b"\n")
        assert len(parts) == block.count
        found += list(enumerate(parts, block.first))
    return found


@given(
    st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b""))),
    st.integers(1, 9),
    st.booleans(),
)
def test_every_line_keeps_its_number_whatever_the_pieces(
    given_lines: list[bytes], size: int, ends_with_newline: bool
) -> None:
    text = b"\n".join([b"head", *given_lines])
    ends = ends_with_newline or (bool(given_lines) and not given_lines[-1])
    table = opened(text + b"\n" * ends, size)
    assert table.header == "head"
    assert lines(table.blocks) == list(enumerate(given_lines, 2))


def test_an_empty_source_has_an_empty_header_and_no_lines() -> None:
    table = open_table(iter(()))
    assert (table.header, list(table.blocks)) == ("", [])


def test_windows_line_ends_and_a_byte_order_mark_are_taken_off() -> None:
    table = opened(b"\xef\xbb\xbfhead\ttwo\r\na\r\nb\rb\r\nc\r\n")
    assert table.header == "head\ttwo"
    assert lines(table.blocks) == [(2, b"a"), (3, b"b\rb"), (4, b"c")]


def test_a_carriage_return_in_a_plain_file_is_content() -> None:
    assert lines(opened(b"head\na\r\nb").blocks) == [(2, b"a\r"), (3, b"b")]


def test_only_newline_ends_a_line() -> None:
    text = "head\na\u2028b\x85c\vd\fe\x1cf".encode()
    assert len(lines(opened(text, 3).blocks)) == 1


def test_a_file_without_lines_is_refused_before_it_fills_the_memory() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 65_536

    with pytest.raises(BrokenSource, match="no text table"):
        open_table(endless())


def numbered(counts: list[int]) -> list[Block]:
    """Blocks of so many lines, each line its own number."""
    blocks, line = [], 2
    for count in counts:
        text = b"\n".join(b"%d" % number for number in range(line, line + count))
        blocks.append(Block(text, line, count))
        line += count
    return blocks


@given(st.lists(st.integers(1, 7), max_size=8), st.integers(0, 60))
def test_skipped_lines_are_gone_and_the_others_keep_their_numbers(
    counts: list[int], skipped: int
) -> None:
    blocks = numbered(counts)
    assert lines(skip_lines(blocks, skipped)) == lines(blocks)[skipped:]


@given(
    st.lists(st.integers(1, 7), max_size=8),
    st.integers(1, 10),
)
def test_batches_hold_exactly_so_many_lines(counts: list[int], size: int) -> None:
    blocks = numbered(counts)
    batches = [lines(batch) for batch in cut_batches(blocks, size)]
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(0 < len(batch) <= size for batch in batches)
    assert [each for batch in batches for each in batch] == lines(blocks)
