"""Reconciling row by row with dictionaries, slowly: what the set-based way must equal.

The policies themselves (moves, guards, words) are shared; they have references of their own.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconcile.changes import guard, moves
from reconcile.changes.inactive import inactive_word
from reconcile.changes.types import COMPARED, ChangeKind, Row, Slice

Key = tuple[str, int, str, dt.datetime]
INSERT, UPDATE, MOVE = ChangeKind.INSERT, ChangeKind.UPDATE, ChangeKind.MOVE
MISSING, REVIVE = ChangeKind.MISSING, ChangeKind.REVIVE


@dataclass(frozen=True)
class Known:
    """A row of master; `missing_loads` in a row lacked it."""

    row: Row
    missing_loads: int = 0


@dataclass(frozen=True)
class Rules:
    """`zones` are the cinemas of the source; the load covers the days `first` to `last`."""

    zones: Mapping[int, dt.tzinfo]
    first: dt.date
    last: dt.date
    now: dt.datetime
    missing_loads: int = 2
    auto: frozenset[ChangeKind] = frozenset(ChangeKind)
    is_reviewed: bool = False
    is_forced: bool = False
    history: Mapping[Slice, Sequence[guard.Past]] = field(default_factory=dict)
    thresholds: guard.Thresholds = guard.DEFAULTS


@dataclass
class Result:
    """Inserted rows have the id 0. `counts` are of staged rows, but `missing` of master's."""

    master: list[Known]
    counts: Counter[str]

    @property
    def by_key(self) -> dict[Key, Known]:
        return {each.row.key: each for each in self.master}


@dataclass(frozen=True)
class _Change:
    kind: ChangeKind
    weekday: int
    staged: Row | None = None
    master: Row | None = None

    @property
    def keys(self) -> set[Key]:
        """Those that it takes or gives up, as the most forgiving table sees them."""
        if self.kind not in (INSERT, MOVE):
            return set()
        return {_folded(row.key) for row in (self.staged, self.master) if row}


@dataclass
class _Cinema:
    """All that is known of one; `absent` are rows that the load should have and has not."""

    id: int
    rules: Rules
    known: dict[Key, Known]
    came: dict[Key, Row]
    absent: dict[Key, Known] = field(default_factory=dict)

    def local(self, row: Row) -> dt.datetime:
        return row.show_time.astimezone(self.rules.zones[self.id])

    def weekday(self, row: Row) -> int:
        return self.local(row).weekday()

    def is_expected(self, row: Row) -> bool:
        """Covered, and nothing says that it does not take place."""
        is_covered = self.rules.first <= self.local(row).date() <= self.rules.last
        return is_covered and row.missing_since is None


def reconcile(master: Iterable[Known], staged: Iterable[Row], rules: Rules) -> Result:
    found = {each.row.key: each for each in master}
    came = {row.key: row for row in staged if row.cinema_id in rules.zones}
    counts: Counter[str] = Counter(staged=len(came))
    for cinema_id in sorted(rules.zones):
        known = {key: each for key, each in found.items() if each.row.cinema_id == cinema_id}
        rows = {key: row for key, row in came.items() if row.cinema_id == cinema_id}
        cinema = _Cinema(cinema_id, rules, known, rows)
        for key in known:
            del found[key]
        found.update(_reconciled(cinema, counts))
    return Result(list(found.values()), counts)


def _reconciled(cinema: _Cinema, counts: Counter[str]) -> dict[Key, Known]:
    master = _counted_absences(cinema)
    pairs = _pairs(cinema)
    verdicts = _verdicts(cinema, pairs)
    changes = [*_of_staged(cinema, pairs), *_of_missing(cinema, pairs, verdicts)]
    held = _held(cinema, changes, verdicts)
    of_staged = sum(each.staged is not None for each in changes)
    counts["unchanged"] += len(cinema.came) - of_staged
    counts["held"] += sum(each.staged is not None for each in held)
    done = [each for each in changes if each not in held]
    for each in done:
        counts[each.kind] += 1
        if each.master is not None:
            del master[each.master.key]
    for each in done:
        row = _written(each, cinema.rules.now)
        master[row.key] = Known(row)
    return master


def _counted_absences(cinema: _Cinema) -> dict[Key, Known]:
    master = dict(cinema.known)
    for key, each in cinema.known.items():
        if key in cinema.came:
            master[key] = replace(each, missing_loads=0)
        elif cinema.is_expected(each.row) and each.row.show_time >= cinema.rules.now:
            master[key] = cinema.absent[key] = replace(each, missing_loads=each.missing_loads + 1)
    return master


def _pairs(cinema: _Cinema) -> Sequence[moves.Pair]:
    new = [row for key, row in cinema.came.items() if key not in cinema.known]
    gone = [each.row for each in cinema.absent.values()]
    return moves.pair(gone, new, cinema.rules.zones).pairs


def _of_staged(cinema: _Cinema, pairs: Sequence[moves.Pair]) -> Iterable[_Change]:
    moved = {pair.came.key: pair.gone for pair in pairs}
    for key, row in cinema.came.items():
        if key in moved:
            yield _Change(MOVE, cinema.weekday(moved[key]), row, moved[key])
        elif key not in cinema.known:
            yield _Change(INSERT, cinema.weekday(row), row)
        elif cinema.known[key].row.missing_since is not None:
            yield _Change(REVIVE, cinema.weekday(row), row, cinema.known[key].row)
        elif _differs(row, cinema.known[key].row):
            yield _Change(UPDATE, cinema.weekday(row), row, cinema.known[key].row)


def _of_missing(
    cinema: _Cinema, pairs: Sequence[moves.Pair], verdicts: Mapping[int, guard.Verdict]
) -> Iterable[_Change]:
    """After enough loads; of a slice that a guard holds at once, so that somebody looks."""
    moved = {pair.gone.key for pair in pairs}
    for key, each in cinema.absent.items():
        weekday = cinema.weekday(each.row)
        is_due = each.missing_loads >= cinema.rules.missing_loads
        if key not in moved and (is_due or verdicts[weekday].holds(MISSING)):
            yield _Change(MISSING, weekday, None, each.row)


def _verdicts(cinema: _Cinema, pairs: Sequence[moves.Pair]) -> dict[int, guard.Verdict]:
    if not cinema.known:  # a first load
        return {weekday: guard.Verdict() for weekday in range(7)}
    return {weekday: _judged(cinema, weekday, pairs) for weekday in range(7)}


def _judged(cinema: _Cinema, weekday: int, pairs: Sequence[moves.Pair]) -> guard.Verdict:
    rules = cinema.rules

    def count(rows: Iterable[Row]) -> int:
        return sum(cinema.weekday(row) == weekday for row in rows)

    expected = [each.row for each in cinema.known.values() if cinema.is_expected(each.row)]
    passed = [row for row in expected if row.show_time < rules.now and row.key not in cinema.came]
    edited = [
        row for key, row in cinema.came.items()
        if key in cinema.known and cinema.known[key].row.missing_since is None
        and _differs(row, cinema.known[key].row)
    ]  # fmt: skip
    moved = count(pair.gone for pair in pairs)
    days = [rules.first + dt.timedelta(n) for n in range((rules.last - rules.first).days + 1)]
    figures = guard.Figures(
        weekday=weekday,
        staged=count(cinema.came.values()),
        master=count(expected),
        removed=count(each.row for each in cinema.absent.values()) - moved,
        changed=count(edited) + moved,
        passed=count(passed),
        days=max(1, sum(day.weekday() == weekday for day in days)),
    )
    return guard.judge(figures, rules.history.get(Slice(cinema.id, weekday), ()), rules.thresholds)


def _held(
    cinema: _Cinema, changes: Sequence[_Change], verdicts: Mapping[int, guard.Verdict]
) -> list[_Change]:
    """Those that wait for a person, and whatever is linked with one by a key."""
    rules = cinema.rules
    held = [
        each for each in changes
        if rules.is_reviewed or each.kind not in rules.auto
        or (verdicts[each.weekday].holds(each.kind) and not rules.is_forced)
    ]  # fmt: skip
    while linked := [
        each for each in changes
        if each not in held and any(each.keys & other.keys for other in held)
    ]:  # fmt: skip
        held += linked
    return held


def _written(change: _Change, now: dt.datetime) -> Row:
    if change.staged is not None:
        pk = change.master.id if change.master is not None else 0
        return replace(change.staged, id=pk, missing_since=None)
    assert change.master is not None
    word = inactive_word(change.master.is_active)
    return replace(change.master, is_active=word, missing_since=now)


def _differs(staged: Row, master: Row) -> bool:
    return any(getattr(staged, name) != getattr(master, name) for name in COMPARED)


def _folded(key: Key) -> Key:
    movie, cinema_id, screen, start = key
    return (
        " ".join(movie.casefold().split()),
        cinema_id,
        " ".join(screen.casefold().split()),
        start,
    )
