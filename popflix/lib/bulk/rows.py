"""What is written: rows column by column, in batches that can be read twice. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Row = tuple[object, ...]

_SPECIAL = re.compile(r"[\\\t\n\r\0]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


@dataclass(frozen=True)
class Parent:
    """Only rows whose key stands in this column of this table are taken."""

    table: str
    column: str


@dataclass(frozen=True)
class Target:
    """Where rows go. `columns` are in the order of a chunk's columns; `key` is one of them.

    The key's texts must be clean: a database may think `a`, `A` and `a ` one key.
    """

    table: str
    columns: tuple[str, ...]
    key: str
    parent: Parent | None = None

    @property
    def key_index(self) -> int:
        return self.columns.index(self.key)

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that are not the key."""
        return tuple(name for name in self.columns if name != self.key)


@dataclass(frozen=True)
class Chunk:
    """A few hundred rows, column by column, small enough to stay in the processor's cache.

    `numbers` are what the operator knows the rows by (line numbers). `lines`, where given, are
    the same rows as they were read: TAB between columns, newline between rows, `\\N` for NULL.
    """

    columns: Sequence[Sequence[object]]
    numbers: Sequence[int]
    lines: bytes | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self) -> Iterator[Row]:
        return zip(*self.columns, strict=True)

    def flat(self) -> list[object]:
        """The values row after row, as the parameters of a many-row INSERT."""
        width = len(self.columns)
        values: list[object] = [None] * (width * len(self))
        for index, column in enumerate(self.columns):
            values[index::width] = column
        return values

    def tsv(self) -> bytes:
        """The rows as LOAD DATA and COPY read them, ending with a newline."""
        if self.lines is not None and _needs_no_escape(self.lines):
            return self.lines + b"\n"
        texts = map(_texts, self.columns)
        return "".join(f"{line}\n" for line in map("\t".join, zip(*texts, strict=True))).encode()


def _needs_no_escape(lines: bytes) -> bool:
    """Whether each backslash belongs to a field that is `\\N` and nothing else.

    Three counts at C speed instead of a look at every row.
    """
    if b"\r" in lines or b"\0" in lines:
        return False
    backslashes = lines.count(b"\\")
    if lines.count(b"\t\\N") != backslashes:
        return False
    ends = lines.count(b"\\N\t") + lines.count(b"\\N\n") + lines.endswith(b"\\N")
    return ends == backslashes


def _texts(column: Sequence[object]) -> Iterable[str]:
    """The column's values as LOAD DATA reads them; a look at all of them at once mostly does."""
    kinds = set(map(type, column))
    if kinds == {int}:
        return map(str, column)
    if kinds == {str} and not _SPECIAL.search("".join(column)):  # type: ignore[arg-type]
        return column  # type: ignore[return-value]
    return [_text(value) for value in column]


def _text(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "1" if value else "0"
    text = str(value)
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


class Batch(Protocol):
    """The rows of one transaction. `chunks` can be called again and yields the same."""

    def chunks(self) -> Iterable[Chunk]: ...


@dataclass(frozen=True)
class RowBatch:
    """A batch of rows that are in memory already."""

    rows: Sequence[Row]
    numbers: Sequence[int]

    def chunks(self) -> Iterator[Chunk]:
        if self.rows:
            yield Chunk(list(zip(*self.rows, strict=True)), self.numbers)


@dataclass(frozen=True)
class Refusal:
    """A row that the database would not take."""

    number: int
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What became of a batch's rows; `orphans` had no parent and were left out."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    orphans: int = 0
    refused: tuple[Refusal, ...] = field(default=())

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.orphans + other.orphans,
            self.refused + other.refused,
        )


def numbered_rows(batch: Batch) -> list[tuple[int, Row]]:
    return [
        (number, row)
        for chunk in batch.chunks()
        for number, row in zip(chunk.numbers, chunk.rows(), strict=True)
    ]


def as_batch(rows: Sequence[tuple[int, Row]]) -> RowBatch:
    return RowBatch([row for _, row in rows], [number for number, _ in rows])


def waves(rows: Sequence[tuple[int, Row]], key_index: int) -> list[list[tuple[int, Row]]]:
    """Split rows so that none holds a key twice: written in turn, the last row of a key wins."""
    found: list[list[tuple[int, Row]]] = []
    seen: dict[object, int] = {}
    for number, row in rows:
        turn = seen.get(row[key_index], 0)
        seen[row[key_index]] = turn + 1
        if turn == len(found):
            found.append([])
        found[turn].append((number, row))
    return found
