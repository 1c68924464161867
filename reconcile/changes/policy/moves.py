"""Which shows that went and which that came are the same show at another time or screen. Pure.

Master keeps its id through a move, so a wrong pair is worse than none: what could as well be
paired otherwise is left apart, as one show gone and one new.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import product
from typing import Any

from reconcile.changes.policy.assignment import assign
from reconcile.changes.types import COMPARED, Row

# All costs are in minutes: a show is as likely to be put off by so many as to …
OTHER_SCREEN = 30  # … begin at the same minute on another screen
OTHER_BOTH = 165  # … begin at another time on another screen, beside the minutes between
OTHER_VALUE = 60  # … have another value besides, for each field
UNUSUAL = 60  # … be changed as none of its cinema surely was, while others surely were
APART = 6 * 60  # what costs more is no move, unless it is the only pair of a film at a cinema
# The next best pairing of all must be dearer by so much, or nobody can tell.
MARGIN = 15
MARGIN_PERCENT = 20  # of the pair's own cost
# A night show belongs to the evening before: days of a programme begin at five.
DAY_BEGINS = dt.timedelta(hours=5)
_MOST_ASSIGNED = 32  # rows of a side; more are paired one by one, the cheapest first
_MOST_COMPARED = 250_000  # pairs of a group; beyond nothing is told apart
_NO_OTHER = 10**9

Way = tuple[bool, bool]  # whether the time changed, and the screen
Habit = Counter[Way]
_NO_HABIT: Habit = Counter()
_DEAR: dict[Way, int] = {
    (False, False): 0, (True, False): 0, (False, True): OTHER_SCREEN, (True, True): OTHER_BOTH,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """`gone` moved to where `came` is; `evidence` says why it is thought so."""

    gone: Row
    came: Row
    evidence: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Rows of one film, cinema and day that were left apart because nobody can tell."""

    gone: tuple[Row, ...]
    came: tuple[Row, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Pairing:
    pairs: tuple[Pair, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()


@dataclass(slots=True)
class _Group:
    gone: list[Row] = field(default_factory=list)
    came: list[Row] = field(default_factory=list)


def pair(
    gone: Iterable[Row], came: Iterable[Row], zones: Mapping[int, dt.tzinfo] | None = None
) -> Pairing:
    """Pair master rows that their feed lacks with staged rows that master lacks.

    `zones` are the cinemas'; a day is UTC's where it names none. The order of the rows does not
    matter. Give it all rows of a film at a cinema at once, never a part of them.
    """
    pairs: list[Pair] = []
    ambiguous: list[Ambiguous] = []
    habits: dict[int, Habit] = defaultdict(Counter)
    several: list[_Group] = []
    for group in _grouped(gone, came, _film):
        if len(group.gone) == len(group.came) == 1:
            [went], [new] = group.gone, group.came
            pairs.append(_only_pair(went, new))
            if cost(went, new) < APART:
                habits[went.cinema_id][_way(went, new)] += 1
        else:
            several.append(group)
    for group in several:
        for of_day in _grouped(group.gone, group.came, lambda row: _day(row, zones or {})):
            found, unclear = _paired(of_day, habits[of_day.gone[0].cinema_id])
            pairs += found
            ambiguous += unclear
    return Pairing(tuple(pairs), tuple(ambiguous))


def cost(gone: Row, came: Row, habit: Habit = _NO_HABIT) -> int:
    """How unlikely it is that one became the other, in minutes.

    `habit` counts how shows of the cinema changed that had no choice: who moves one show to
    another screen and time moves others so too.
    """
    way = _way(gone, came)
    dear = _DEAR[way] // (1 + habit[way])
    if habit and not habit[way]:
        dear += UNUSUAL
    others = [name for name in COMPARED if getattr(gone, name) != getattr(came, name)]
    return _minutes(gone, came) + dear + OTHER_VALUE * len(others)


def _way(gone: Row, came: Row) -> Way:
    return gone.show_time != came.show_time, gone.screen_name != came.screen_name


# --- groups -------------------------------------------------------------------------------------


def _grouped(
    gone: Iterable[Row], came: Iterable[Row], by: Callable[[Row], Hashable]
) -> list[_Group]:
    """Groups in which something went and something came, in an order of the rows' own."""
    groups: dict[Hashable, _Group] = defaultdict(_Group)
    for row in sorted(gone, key=_order):
        groups[by(row)].gone.append(row)
    for row in sorted(came, key=_order):
        groups[by(row)].came.append(row)
    return [group for group in groups.values() if group.gone and group.came]


def _order(row: Row) -> tuple[Any, ...]:
    return row.key, row.id


def _film(row: Row) -> Hashable:
    return row.movie_id, row.cinema_id


def _day(row: Row, zones: Mapping[int, dt.tzinfo]) -> dt.date:
    local = row.show_time.astimezone(zones.get(row.cinema_id, dt.UTC))
    return (local.replace(tzinfo=None) - DAY_BEGINS).date()


# --- of one group -------------------------------------------------------------------------------


def _paired(group: _Group, habit: Habit) -> tuple[list[Pair], list[Ambiguous]]:
    size = len(group.gone) * len(group.came)
    if size > _MOST_COMPARED:
        why = f"{len(group.gone)} shows went and {len(group.came)} came: too many to tell apart"
        return [], [Ambiguous(tuple(group.gone), tuple(group.came), why)]
    costs = [[min(cost(went, new, habit), APART) for new in group.came] for went in group.gone]
    if max(len(group.gone), len(group.came)) <= _MOST_ASSIGNED:
        sure, is_unclear = _assigned(costs)
    else:
        sure, is_unclear = _nearest_first(costs)
    pairs = [_pair(group, row, column) for row, column in sure]
    if not is_unclear:
        return pairs, []
    went = [row for n, row in enumerate(group.gone) if n not in {row for row, _ in sure}]
    new = [row for n, row in enumerate(group.came) if n not in {column for _, column in sure}]
    why = f"{_count(went)} went and {_count(new)} came: they could be paired in several ways"
    return pairs, [Ambiguous(tuple(went), tuple(new), why)]


def _assigned(costs: Sequence[Sequence[int]]) -> tuple[list[tuple[int, int]], bool]:
    """The sure pairs of the cheapest pairing, and whether it has others."""
    possible = [each for each in assign(costs) if costs[each.row][each.column] < APART]
    sure = [
        (each.row, each.column)
        for each in possible
        if each.margin is None or _is_clear(costs[each.row][each.column], each.margin)
    ]
    return sure, len(sure) < len(possible)


def _nearest_first(costs: Sequence[Sequence[int]]) -> tuple[list[tuple[int, int]], bool]:
    """Rows that are each other's nearest by far are paired, then the next of those left."""
    rows, columns = set(range(len(costs))), set(range(len(costs[0])))
    sure: list[tuple[int, int]] = []
    while True:
        best_of_row = {row: _two_least((costs[row][n], n) for n in columns) for row in rows}
        best_of_column = {n: _two_least((costs[row][n], row) for row in rows) for n in columns}
        found = []
        for row, (least, column, margin) in best_of_row.items():
            _, other, other_margin = best_of_column[column]
            margin = min(margin, other_margin)
            if other == row and least < APART and _is_clear(least, margin):
                found.append((row, column))
        rows -= {row for row, _ in found}
        columns -= {column for _, column in found}
        sure += found
        if not found or not rows or not columns:
            return sure, any(costs[row][n] < APART for row, n in product(rows, columns))


def _two_least(costs: Iterable[tuple[int, int]]) -> tuple[int, int, int]:
    """The least cost, whose it is, and how much dearer the second is."""
    least, second = [*nsmallest(2, costs), (_NO_OTHER, 0)][:2]
    return least[0], least[1], second[0] - least[0]


def _is_clear(its_cost: int, margin: int) -> bool:
    return margin >= MARGIN and 100 * margin >= MARGIN_PERCENT * its_cost


# --- words --------------------------------------------------------------------------------------


def _only_pair(gone: Row, came: Row) -> Pair:
    return Pair(gone, came, f"{_what(gone, came)}; no other show of this film went or came")


def _pair(group: _Group, row: int, column: int) -> Pair:
    gone, came = group.gone[row], group.came[column]
    of_what = f"{len(group.gone)} that went and {len(group.came)} that came on this day"
    return Pair(gone, came, f"{_what(gone, came)}; by far the nearest of {of_what}")


def _what(gone: Row, came: Row) -> str:
    words = []
    if gone.show_time != came.show_time:
        later = "later" if came.show_time > gone.show_time else "earlier"
        words.append(f"{_span(_minutes(gone, came))} {later}")
    if gone.screen_name != came.screen_name:
        words.append(f"from {gone.screen_name} to {came.screen_name}")
    return f"the same film and cinema, {', '.join(words)}"


def _minutes(gone: Row, came: Row) -> int:
    """Begun ones count: a second is no less than a minute."""
    seconds: float = abs(came.show_time - gone.show_time).total_seconds()
    return math.ceil(seconds / 60)


def _span(minutes: int) -> str:
    """`45 min`, `2 h`, `3 h 5 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(f"{n} {unit}" for n, unit in ((hours, "h"), (rest, "min")) if n)


def _count(rows: Sequence[Row]) -> str:
    return f"{len(rows)} {'show' if len(rows) == 1 else 'shows'}"
