"""What an app shows of its data: a short table, registered by a function in its `showcase.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from popflix.lib.grid import aligned


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
        return [self.title, *(_cut(f"  {row}", width) for row in aligned(grid))]


def _cut(line: str, width: int) -> str:
    return f"{line[: width - 1]}…" if 0 < width < len(line) else line


_makers: list[Callable[[], Table]] = []


def showcase(maker: Callable[[], Table]) -> Callable[[], Table]:
    """Decorate a function that reads a few telling rows of its app's tables."""
    _makers.append(maker)
    return maker


def tables() -> list[Table]:
    return [maker() for maker in _makers]
