"""What an app shows of its data: a short table, registered by a function in its `showcase.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Every row has as many cells as there are headings."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self, width: int = 0) -> list[str]:
        """The table as aligned text, cut at `width` characters (0: never).

        Columns of figures stand to the right; headings that are all blank are left out.
        """
        grid = [tuple(row) for row in self.rows]
        if any(self.headings) or not grid:
            grid.insert(0, tuple(self.headings))
        columns = [_padded(column) for column in zip(*grid, strict=True)]
        rows = [f"  {'  '.join(row)}".rstrip() for row in zip(*columns, strict=True)]
        return [self.title, *(_cut(row, width) for row in rows)]


def _padded(column: tuple[str, ...]) -> list[str]:
    width = max(len(cell) for cell in column)
    figures = all(cell.replace(".", "").isdigit() for cell in column[1:])
    return [cell.rjust(width) if figures else cell.ljust(width) for cell in column]


def _cut(line: str, width: int) -> str:
    return f"{line[: width - 1]}…" if 0 < width < len(line) else line


_makers: list[Callable[[], Table]] = []


def showcase(maker: Callable[[], Table]) -> Callable[[], Table]:
    """Decorate a function that reads a few telling rows of its app's tables."""
    _makers.append(maker)
    return maker


def tables() -> list[Table]:
    return [maker() for maker in _makers]
