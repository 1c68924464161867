"""What a change set is mostly about: its rows by cinema and by field. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconcile.changes.types import ChangeKind

_TOLD_FROM = 50  # percent: of less nobody would say that the set is about it
_EDITS = (ChangeKind.UPDATE, ChangeKind.MOVE)


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of one kind, state and cinema that change the same fields."""

    kind: str
    state: str
    cinema_id: int
    fields: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Line:
    """Rows of one cinema or field, and how many of them wait."""

    key: int | str
    rows: int
    held: int


@dataclass(frozen=True, slots=True)
class Dominant:
    """Most of a set's rows; `cinema_id` is None where they are of several cinemas."""

    percent: int
    what: str  # a field, or a kind of change that is about no field
    cinema_id: int | None


Counts = Mapping[tuple[str, int], int]  # rows by what changes and cinema


def by_cinema(cells: Iterable[Cell]) -> list[Line]:
    """The largest first."""
    return _lines((cell.cinema_id, cell) for cell in cells)


def by_field(cells: Iterable[Cell]) -> list[Line]:
    """The largest first; what changes several fields counts for each."""
    return _lines((name, cell) for cell in cells for name in cell.fields)


def _lines(told: Iterable[tuple[int | str, Cell]]) -> list[Line]:
    rows: Counter[int | str] = Counter()
    held: Counter[int | str] = Counter()
    for key, cell in told:
        rows[key] += cell.rows
        held[key] += cell.rows if cell.state == "held" else 0
    found = [Line(key, count, held[key]) for key, count in rows.items()]
    return sorted(found, key=lambda line: (-line.held, -line.rows, str(line.key)))


def counts(cells: Iterable[Cell]) -> Counter[tuple[str, int]]:
    """By the fields of what edits rows; what comes or goes is told by its kind."""
    found: Counter[tuple[str, int]] = Counter()
    for cell in cells:
        for what in _about(cell):
            found[what, cell.cinema_id] += cell.rows
    return found


def _about(cell: Cell) -> Sequence[str]:
    return cell.fields if cell.kind in _EDITS and cell.fields else (cell.kind,)


def dominant(counts: Counts, total: int) -> Dominant | None:
    """What at least half of `total` rows are about: at one cinema, else wherever it is."""
    if total < 2 or not counts:
        return None
    (what, cinema_id), rows = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
    if 100 * rows >= _TOLD_FROM * total:
        return Dominant(_percent(rows, total), what, cinema_id)
    everywhere: Counter[str] = Counter()
    for (each, _), some in counts.items():
        everywhere[each] += some
    what, rows = max(everywhere.items(), key=lambda pair: (pair[1], pair[0]))
    if 100 * rows < _TOLD_FROM * total:
        return None
    return Dominant(_percent(rows, total), what, None)


def _percent(part: int, whole: int) -> int:
    """Rounded down: 100 % is all of them."""
    return 100 * part // whole
