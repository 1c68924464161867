"""Rows become parameters or lines, and repeated keys become waves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.lib.bulk import Chunk, Loaded, Refusal, RowBatch
from popflix.lib.bulk.rows import waves


def chunk(*rows: tuple[object, ...], lines: bytes | None = None) -> Chunk:
    return Chunk(list(zip(*rows, strict=True)), range(1, len(rows) + 1), lines)


def test_values_are_written_as_the_databases_read_them() -> None:
    row = ("a", None, True, False, 7, Decimal("5.60"), dt.date(2026, 11, 21))
    assert chunk(row).tsv() == b"a\t\\N\t1\t0\t7\t5.60\t2026-11-21\n"


def test_what_would_end_a_column_or_line_is_escaped() -> None:
    assert chunk(("a\tb\nc\\N\rd\0", "é")).tsv() == "a\\tb\\nc\\\\N\\rd\\0\té\n".encode()


@pytest.mark.parametrize(
    "lines", [b"a\tb", b"a\t\\N", b"\\N".join([b"a\t", b"\tb"]), b"a\t\\N\t\\N\na\t\\N"]
)
def test_lines_without_anything_to_escape_are_passed_on_as_they_were(lines: bytes) -> None:
    assert Chunk([[]], range(0), lines).tsv() == lines + b"\n"


@pytest.mark.parametrize("title", ["back\\slash", "\\Null", "x\\N", "\\\\N", "\\", "a\rb", "a\0"])
def test_lines_with_something_to_escape_are_written_anew(title: str) -> None:
    lines = f"id\t{title}\t\\N".encode()
    assert chunk(("id", title, None), lines=lines).tsv() == chunk(("id", title, None)).tsv()


@given(st.lists(st.tuples(st.text("ab\\N"), st.text("ab\\N")), min_size=1), st.booleans())
def test_what_is_read_back_is_what_was_meant(
    fields: list[tuple[str, str]], as_they_were: bool
) -> None:
    """The reader of TSV with escapes sees the same, passed on or written anew."""
    rows = [tuple(None if text == "\\N" else text for text in row) for row in fields]
    lines = "\n".join(map("\t".join, fields)).encode() if as_they_were else None
    written = chunk(*rows, lines=lines).tsv().decode().removesuffix("\n").split("\n")
    assert [tuple(map(_read, line.split("\t"))) for line in written] == rows


def _read(text: str) -> str | None:
    """As LOAD DATA and COPY do."""
    if text == "\\N":
        return None
    out, at = "", 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            out += {"t": "\t", "n": "\n", "r": "\r", "0": "\0"}.get(text[at], text[at])
        else:
            out += text[at]
        at += 1
    return out


def test_flat_values_follow_row_after_row() -> None:
    assert chunk((1, "a"), (2, "b")).flat() == [1, "a", 2, "b"]


def test_a_batch_of_no_rows_has_no_chunks() -> None:
    assert list(RowBatch([], []).chunks()) == []


def test_waves_hold_each_key_once_and_keep_the_order() -> None:
    rows = [(1, ("a", 1)), (2, ("b", 1)), (3, ("a", 2)), (4, ("a", 3)), (5, ("b", 2))]
    numbers = [[number for number, _ in wave] for wave in waves(rows, 0)]
    assert numbers == [[1, 2], [3, 5], [4]]


def test_counts_add_up() -> None:
    refusal = Refusal(3, "why")
    total = Loaded(1, 2, 3, 4, (refusal,)) + Loaded(10, 20, 30, 40)
    assert total == Loaded(11, 22, 33, 44, (refusal,))
