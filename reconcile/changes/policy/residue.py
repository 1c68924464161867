"""All that differs of one cinema, and what guards count of it. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reconcile.changes.policy import guard, moves
from reconcile.changes.policy.locking import Locked
from reconcile.changes.types import Row


@dataclass(frozen=True)
class Absent:
    """A show of master that the load covers and lacks, like `loads - 1` before it in a row."""

    row: Row
    loads: int


@dataclass
class Residue:
    """All that differs of one cinema. Pairs are (staged, master).

    `days` counts its staged rows, `covered` the days of each weekday that the load covers.
    `is_first`: master knows nothing of the cinema, whose rows are all new and none of them here.
    `passed` counts, by weekday, covered shows of master that have begun and are not staged.
    `locks` are, by master's id, the fields that an operator keeps.
    """

    cinema_id: int
    zone: dt.tzinfo
    days: Mapping[dt.date, int] = field(default_factory=dict)
    covered: Mapping[int, int] = field(default_factory=dict)
    is_first: bool = False
    new: list[Row] = field(default_factory=list)
    other: list[tuple[Row, Row]] = field(default_factory=list)
    back: list[tuple[Row, Row]] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    passed: Mapping[int, int] = field(default_factory=dict)
    locks: Mapping[int, Locked] = field(default_factory=dict)

    def weekday(self, row: Row) -> int:
        return row.show_time.astimezone(self.zone).weekday()


def figures(
    residue: Residue, pairs: Sequence[moves.Pair], idle: Collection[int] = ()
) -> dict[int, guard.Figures]:
    """By weekday what the load has of the cinema and would do to it; to `idle` ones nothing."""
    absent = Counter(residue.weekday(each.row) for each in residue.absent)
    going = {each.row.id: each.row for each in residue.absent if each.row.id not in idle}
    moving = [going.pop(pair.gone.id) for pair in pairs if pair.gone.id in going]
    gone, moved = (Counter(map(residue.weekday, rows)) for rows in (going.values(), moving))
    edited = Counter(residue.weekday(row) for _, row in residue.other if row.id not in idle)
    added = Counter(residue.weekday(row) for row in residue.new)
    added += Counter(residue.weekday(master) for _, master in residue.back)
    staged: Counter[int] = Counter()
    for day, rows in residue.days.items():
        staged[day.weekday()] += rows
    found = {}
    for weekday in {*absent, *edited, *moved}:
        passed = residue.passed.get(weekday, 0)
        found[weekday] = guard.Figures(
            weekday=weekday,
            staged=staged[weekday],
            master=staged[weekday] - added[weekday] + absent[weekday] + passed,
            removed=gone[weekday],
            changed=edited[weekday] + moved[weekday],
            passed=passed,
            days=max(residue.covered.get(weekday, 1), 1),
        )
    return found
