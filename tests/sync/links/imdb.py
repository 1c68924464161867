"""Invented files of IMDb's shape, and stand-ins for what an import asks and tells."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sync.links.fields import NULL
from sync.links.import_titles import ImportRequest, ImportResult, import_titles
from sync.links.models import Title
from sync.links.transform import RATINGS_HEADER, TITLES_HEADER
from tests.popflix.engine.fakes import FakeClock

ALL_TYPES = None

# Twins of what real files hold: quotes at either end, backslashes, line ends of other worlds,
# several scripts, empty and missing values.
TWINS = (
    ("tt0000011", "movie", '"Quoted" at one end', 'The "end"', "0", "1894", NULL, "1", "Short"),
    ("tt0000012", "movie", '"Quoted as a whole"', '"', "0", "1999", NULL, NULL, NULL),
    ("tt0000013", "tvSeries", "Back\\slash \\N \\t", "\\Null", "0", "2001", "2010", "45", "Drama"),
    ("tt0000014", "tvMovie", "Next\u0085line\u2028\vone", " edges", "1", NULL, NULL, NULL, "A,B"),
    ("tt0000015", "tvMiniSeries", "青い鳥の夢", "Straße 🎬", "0", "2020", NULL, "600", "Crime"),
    ("tt0000016", "movie", "", NULL, NULL, NULL, NULL, NULL, NULL),
    ("tt99000017", "movie", "X" * 800, "It's 100 % `fine`; %s", "0", "2026", NULL, "90", "Drama"),
)  # fmt: skip


def fields(number: int, **changes: str) -> list[str]:
    """A good row: an invented movie with this number in its id."""
    title = f"Film {number}"
    values = (f"tt{number:07d}", "movie", title, title, "0", "2019", NULL, "90", "Drama")
    return list((dict(zip(TITLES_HEADER, values, strict=True)) | changes).values())


def movies(count: int, first: int = 1) -> list[list[str]]:
    return [fields(number) for number in range(first, first + count)]


def write(
    path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = TITLES_HEADER
) -> Path:
    """Write the rows behind the header, packed where the name ends in .gz."""
    text = "".join("\t".join(row) + "\n" for row in (header, *rows)).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return path


def write_ratings(path: Path, votes: dict[str, int]) -> Path:
    rows = [(tconst, "7.5", str(count)) for tconst, count in votes.items()]
    return write(path, rows, RATINGS_HEADER)


class Told:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.started: list[tuple[int | None, str]] = []
        self.done = 0
        self.note = ""

    def start(self, total: int | None, label: str) -> None:
        self.started.append((total, label))

    def advance(self, done: int, ok: int = 0, failed: int = 0, note: str = "") -> None:
        self.done += done
        self.note = note

    def line(self, text: str) -> None:
        """Nothing here prints lines."""

    def close(self) -> None:
        """Nothing to end."""


class StopAfter:
    """True once it was asked so often; None is never."""

    def __init__(self, times: int | None = None) -> None:
        self._left = times

    def __bool__(self) -> bool:
        if self._left is None:
            return False
        self._left -= 1
        return self._left < 0


def run(where: Path | str, **request: Any) -> ImportResult:
    """Import through the use case, without stop and with a clock that stands still."""
    given: dict[str, Any] = {"types": ALL_TYPES, **request}
    return import_titles(
        ImportRequest(str(where), **given), stop=StopAfter(), reporter=Told(), clock=FakeClock()
    )


def stored() -> list[tuple[Any, ...]]:
    """Every field of every title, in the order of the file's columns."""
    names = [str(field.column) for field in Title._meta.concrete_fields]
    assert tuple(names) == TITLES_HEADER
    return list(Title.objects.order_by("tconst").values_list())


def as_values(row: Sequence[str]) -> tuple[Any, ...]:
    """What a row of the file means, told here a second time and plainly."""
    value: list[Any] = [None if text == NULL else text for text in row]
    value[4] = None if value[4] is None else value[4] == "1"
    for at in (5, 6, 7):
        value[at] = None if value[at] is None else int(value[at])
    return tuple(value)
