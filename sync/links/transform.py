"""IMDb's files into columns of values. Pure.

A block of lines is taken as a whole, with a few operations per column; only a block in which
something is odd is looked at row by row. Both ways agree on every row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import NamedTuple

from sync.links.fields import (
    LARGEST_INTEGER,
    NULL,
    Convert,
    id_of,
    is_type,
    rating,
    text_of,
    type_of,
    whole_number_of,
)

TITLES_HEADER = (
    "tconst", "titleType", "primaryTitle", "originalTitle", "isAdult", "startYear", "endYear",
    "runtimeMinutes", "genres",
)  # fmt: skip
RATINGS_HEADER = ("tconst", "averageRating", "numVotes")
KNOWN_TYPES = (
    "movie", "short", "tvEpisode", "tvMiniSeries", "tvMovie", "tvPilot", "tvSeries", "tvShort",
    "tvSpecial", "video", "videoGame",
)  # fmt: skip

_ID_DIGITS = (7, 14)
_MOST_REMEMBERED = 50_000  # distinct values per column; real files have fewer than 5,000
_SHOWN_CHARACTERS = 60


class BadLine(NamedTuple):
    """A line that cannot be taken: its 1-based number, why, and the line itself."""

    line: int
    reason: str
    raw: str


class Cell(NamedTuple):
    """One field of a row: its text, and its value or why it has none."""

    name: str
    text: str
    value: object = None
    fault: str = ""


@dataclass(frozen=True)
class Column:
    """`few` tells that values repeat so much that each is converted once and remembered.

    Else it is a plain text of at most `width` characters.
    """

    name: str
    convert: Convert
    few: bool = True
    width: int | None = None


@dataclass(frozen=True)
class Parsed:
    """The rows of a block that are taken, column by column, and what became of the others.

    `whole` tells that every line was taken; `skipped` counts the others that are well, by type.
    """

    columns: Sequence[Sequence[object]]
    numbers: Sequence[int]
    whole: bool = False
    bad: Sequence[BadLine] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)


class _Remembered(dict[str, object]):
    """Converts each distinct text once; `map` looks the others up without a step of Python."""

    def __init__(self, convert: Convert) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str) -> object:
        value = self[text] = self._convert(text)
        return value


class _OddError(ValueError):
    """Something in the block needs a look at each row."""


class Parser:
    """Parses blocks of one file whose first column is the id, of at most `id_width` characters.

    `wanted` are the types to take, told by the second column; None takes all rows.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        id_width: int | None = None,
        wanted: Collection[str] | None = None,
    ) -> None:
        least, most = _ID_DIGITS
        form = f"tt[0-9]{{{least},{most if id_width is None else min(most, id_width - 2)}}}"
        self._columns = (Column("tconst", id_of(id_width, re.compile(form))), *columns)
        self._ids = re.compile(rf"(?:\n{form}+)++")  # possessive: a long text needs no way back
        self._few = {
            at: _Remembered(column.convert)
            for at, column in enumerate(self._columns)
            if at and column.few
        }
        self._wanted = None if wanted is None else frozenset(wanted)

    def parse(self, block: bytes, first_line: int) -> Parsed:
        """Parse whole lines, the last without its newline; `first_line` numbers the first."""
        try:
            return self._parse_whole(block.decode(), first_line)
        except ValueError:  # a bad value, or bytes that are no UTF-8
            return self._parse_each(block, first_line)

    def _parse_whole(self, block: str, first_line: int) -> Parsed:
        width, count = len(self._columns), block.count("\n") + 1
        # A newline stays in front of each id. Where all of them are found there and nowhere
        # else, no row has a column too many or too few.
        values = f"\n{block}".replace("\n", "\t\n").split("\t")
        del values[0]
        joined = "".join(values[::width])
        ids = joined[1:].split("\n")
        if len(values) != width * count or len(ids) != count or not self._ids.fullmatch(joined):
            raise _OddError
        values[::width] = ids
        numbers: Sequence[int] = range(first_line, first_line + count)
        chosen, skipped = self._choose(values[1::width])
        columns = [values[at::width] for at in range(width)]
        if chosen is not None:
            columns = [list(compress(column, chosen)) for column in columns]
            numbers = list(compress(numbers, chosen))
        converted = [self._convert(at, column) for at, column in enumerate(columns)]
        return Parsed(converted, numbers, chosen is None, (), skipped)

    def _choose(self, types: list[str]) -> tuple[list[bool] | None, dict[str, int]]:
        """Which rows are wanted (None for all), and how many are not, by type."""
        wanted = self._wanted
        if wanted is None or wanted.issuperset(types):
            return None, {}
        counts = Counter(types)
        skipped = {name: count for name, count in counts.items() if name not in wanted}
        if not all(map(is_type, skipped)):
            raise _OddError
        return [name in wanted for name in types], skipped

    def _convert(self, at: int, column: list[str]) -> Sequence[object]:
        if at == 0:
            return column
        if (few := self._few.get(at)) is not None:
            if len(few) > _MOST_REMEMBERED:
                few.clear()
            return list(map(few.__getitem__, column))
        width = self._columns[at].width
        if width is not None and max(map(len, column), default=0) > width:
            raise _OddError
        return [None if text == NULL else text for text in column] if NULL in column else column

    def _parse_each(self, block: bytes, first_line: int) -> Parsed:
        rows: list[Sequence[object]] = []
        numbers: list[int] = []
        bad: list[BadLine] = []
        skipped: Counter[str] = Counter()
        for number, line in enumerate(block.split(b"\n"), first_line):
            try:
                fields = self._fields(line)
                if not self._is_wanted(fields):
                    skipped[fields[1]] += 1
                    continue
                rows.append(self._row(fields))
                numbers.append(number)
            except ValueError as error:
                bad.append(BadLine(number, str(error), line.decode(errors="backslashreplace")))
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self._columns)
        return Parsed(columns, numbers, False, bad, skipped)

    def _fields(self, line: bytes) -> list[str]:
        try:
            fields = line.decode().split("\t")
        except UnicodeDecodeError as error:
            raise ValueError(f"byte {error.start + 1} is not UTF-8") from None
        if len(fields) != len(self._columns):
            count = len(fields)
            has = f"{count} column{'' if count == 1 else 's'}"
            raise ValueError(f"it has {has} where {len(self._columns)} are expected")
        return fields

    def _is_wanted(self, fields: list[str]) -> bool:
        if self._wanted is None or fields[1] in self._wanted:
            return True
        return not is_type(fields[1])  # then the row is bad, which `_row` says

    def _row(self, fields: list[str]) -> list[object]:
        cells = self.cells(fields)
        reasons = [f"{each.name} {_shown(each.text)} {each.fault}" for each in cells if each.fault]
        if reasons:
            raise ValueError("; ".join(reasons))
        return [each.value for each in cells]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self._columns]

    def cells(self, texts: Sequence[str]) -> list[Cell]:
        """Field by field what is read of a row; of one that is too short, as far as it goes."""
        return [_cell(column, text) for column, text in zip(self._columns, texts, strict=False)]


def _cell(column: Column, text: str) -> Cell:
    try:
        return Cell(column.name, text, column.convert(text))
    except ValueError as error:
        return Cell(column.name, text, fault=str(error))


def _shown(text: str) -> str:
    cut = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return repr(cut)


def titles_parser(
    capacity: Mapping[str, int | None], wanted: Collection[str] | None = None
) -> Parser:
    """A parser of title.basics.

    `capacity` says how many characters or which number each column takes, None for any.
    """

    def number(name: str) -> Column:
        return Column(name, whole_number_of(capacity[name] or LARGEST_INTEGER))

    def text(name: str) -> Column:
        return Column(name, text_of(capacity[name]), few=False, width=capacity[name])

    columns = (
        Column("titleType", type_of(capacity["titleType"])),
        text("primaryTitle"),
        text("originalTitle"),
        Column("isAdult", whole_number_of(1)),
        number("startYear"),
        number("endYear"),
        number("runtimeMinutes"),
        Column("genres", text_of(capacity["genres"])),
    )
    return Parser(columns, capacity["tconst"], wanted)


def ratings_parser(id_width: int | None) -> Parser:
    """A parser of title.ratings; every column must have a value."""
    columns = (
        Column("averageRating", rating),
        Column("numVotes", whole_number_of(LARGEST_INTEGER, optional=False)),
    )
    return Parser(columns, id_width)
