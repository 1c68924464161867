"""Pairing at the lowest total cost, against trying all ways."""

from __future__ import annotations

from itertools import permutations

from hypothesis import example, given
from hypothesis import strategies as st

from reconcile.changes.policy.assignment import assign

COSTS = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, 30), min_size=size[1], max_size=size[1]),
        min_size=size[0],
        max_size=size[0],
    )
)


def all_ways(costs: list[list[int]]) -> list[tuple[int, frozenset[tuple[int, int]]]]:
    """Each possible pairing of the shorter side, with its total."""
    rows, columns = len(costs), len(costs[0])
    if rows <= columns:
        pairings = [list(enumerate(order)) for order in permutations(range(columns), rows)]
    else:
        pairings = [
            [(row, column) for column, row in enumerate(order)]
            for order in permutations(range(rows), columns)
        ]
    return [(sum(costs[r][c] for r, c in each), frozenset(each)) for each in pairings]


@given(COSTS)
@example([[5]])
@example([[1, 1], [1, 1]])
@example([[0, 9, 9], [9, 0, 9]])
def test_no_way_of_all_is_cheaper_and_margins_are_true(costs: list[list[int]]) -> None:
    ways = all_ways(costs)
    least = min(total for total, _ in ways)
    found = assign(costs)
    assert len(found) == min(len(costs), len(costs[0]))
    assert sum(costs[each.row][each.column] for each in found) == least
    for each in found:
        others = [total for total, pairs in ways if (each.row, each.column) not in pairs]
        assert each.margin == (min(others) - least if others else None)


def test_a_full_group_is_solved_exactly() -> None:
    """Thirty-two shows, each put off by ten minutes: no pair crosses another."""
    costs = [[abs(10 - 10 * row + 10 * column) + 5 * (row != column) for column in range(32)]
             for row in range(32)]  # fmt: skip
    found = assign(costs)
    assert [(each.row, each.column) for each in found] == [(n, n) for n in range(32)]
