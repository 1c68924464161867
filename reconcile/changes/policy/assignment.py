"""Pairing rows with columns at the lowest total cost, and how sure each pair is. Pure.

Shortest augmenting paths with potentials (Hungarian method), in whole numbers: exact, and a
pair's second best costs one path more instead of a new solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_FORBIDDEN = 10**12
Costs = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Assigned:
    """`margin`: how much dearer all becomes without this pair; None: there is no other way."""

    row: int
    column: int
    margin: int | None


def assign(costs: Costs) -> list[Assigned]:
    """As many pairs as the shorter side allows, cheapest in total."""
    rows, columns = len(costs), len(costs[0])
    size = max(rows, columns)
    table = [[*costs[n], *[0] * (size - columns)] if n < rows else [0] * size for n in range(size)]
    solved = _Solution(table)
    for row in range(size):
        solved.place(row)
    total = solved.total()
    pairs = [(row, column) for column, row in enumerate(solved.row_of[:size]) if row is not None]
    return [
        Assigned(row, column, _margin(solved, row, column, total))
        for row, column in sorted(pairs)
        if row < rows and column < columns
    ]


def _margin(solved: _Solution, row: int, column: int, total: int) -> int | None:
    other = solved.without(row, column)
    dearer = other.total() - total
    return dearer if dearer < _FORBIDDEN // 2 else None


class _Solution:
    """A partial matching that is optimal for the rows placed so far.

    The column after the last is a stand-in, from which the row to be placed starts.
    """

    def __init__(self, costs: list[list[int]]) -> None:
        self.costs = costs
        self.size = len(costs)
        self.row_of: list[int | None] = [None] * (self.size + 1)
        self.of_row = [0] * self.size
        self.of_column = [0] * (self.size + 1)

    def total(self) -> int:
        placed = enumerate(self.row_of[: self.size])
        return sum(self.costs[row][column] for column, row in placed if row is not None)

    def without(self, row: int, column: int) -> _Solution:
        """The best matching that lacks this pair."""
        other = _Solution(list(self.costs))
        other.costs[row] = list(self.costs[row])
        other.costs[row][column] = _FORBIDDEN
        other.row_of, other.of_row = list(self.row_of), list(self.of_row)
        other.of_column = list(self.of_column)
        other.row_of[column] = None
        other.place(row)
        return other

    def place(self, row: int) -> None:
        """Give `row` a column, others moving on where that is cheaper."""
        column = self.size
        self.row_of[column] = row
        least = [2 * _FORBIDDEN] * self.size
        came_from = [self.size] * self.size
        seen = [False] * (self.size + 1)
        while (at := self.row_of[column]) is not None:
            seen[column] = True
            step, following = 2 * _FORBIDDEN, column
            for each in range(self.size):
                if seen[each]:
                    continue
                slack = self.costs[at][each] - self.of_row[at] - self.of_column[each]
                if slack < least[each]:
                    least[each], came_from[each] = slack, column
                if least[each] < step:
                    step, following = least[each], each
            self._shift(step, seen, least)
            column = following
        while column != self.size:
            before = came_from[column]
            self.row_of[column] = self.row_of[before]
            column = before
        self.row_of[column] = None

    def _shift(self, step: int, seen: list[bool], least: list[int]) -> None:
        for column, row in enumerate(self.row_of):
            if seen[column] and row is not None:
                self.of_row[row] += step
                self.of_column[column] -= step
            else:
                least[column] -= step
