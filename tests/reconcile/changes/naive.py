"""Reconciling row by row with dictionaries, slowly: what the set-based way must equal.

The policies themselves (moves, guards, words) are shared; they have references of their own.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconcile.changes.policy import guard, moves
from reconcile.changes.policy.inactive import inactive_word
from reconcile.changes.types import COMPARED, ChangeKind, Row, Slice
from tests.reconcile.changes.naive_locks import Locks, feed_key, is_locked, kept, not_agreed

Key = tuple[str, int, str, dt.datetime]
INSERT, UPDATE, MOVE = ChangeKind.INSERT, ChangeKind.UPDATE, ChangeKind.MOVE
MISSING, REVIVE = ChangeKind.MISSING, ChangeKind.REVIVE


@dataclass(frozen=True)
class Known:
    """A row of master; `missing_loads` in a row lacked it. Its locks, by field, have what the feed
    said; of some it need only agree."""

    row: Row
    missing_loads: int = 0
    locks: Locks = field(default_factory=dict)
    until_agreed: frozenset[str] = frozenset()


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
    locks: Locks = field(default_factory=dict)

    @property
    def is_locked(self) -> bool:
        return self.master is not None and is_locked(
            self.kind, self.staged, self.master, self.locks
        )

    @property
    def takes(self) -> Key | None:
        is_taking = self.kind in (INSERT, MOVE) and self.staged
        return _folded(self.staged.key) if is_taking and self.staged else None

    @property
    def gives(self) -> Key | None:
        return _folded(self.master.key) if self.kind == MOVE and self.master else None

    @property
    def keys(self) -> set[Key]:
        """Those that it takes or gives up, as the most forgiving table sees them."""
        return {key for key in (self.takes, self.gives) if key}


@dataclass
class _Cinema:
    """All that is known of one; `absent` are rows that the load should have and has not."""

    id: int
    rules: Rules
    known: dict[Key, Known]
    came: dict[Key, Row]
    absent: dict[Key, Known] = field(default_factory=dict)
    elsewhere: dict[Key, Known] = field(default_factory=dict)  # by the key under which it came

    def __post_init__(self) -> None:
        for key, each in self.known.items():
            left = not_agreed(each.row, self.came, each.locks, each.until_agreed)
            self.known[key] = each = replace(each, locks=left)
            told = feed_key(each.row, left)
            if key not in self.came and told in self.came and told not in self.known:
                self.elsewhere[told] = each

    def is_elsewhere(self, row: Row) -> bool:
        return any(each.row.key == row.key for each in self.elsewhere.values())

    def is_staged(self, row: Row) -> bool:
        return row.key in self.came or self.is_elsewhere(row)

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
    of_staged = list(_of_staged(cinema, pairs))
    verdicts = _verdicts(cinema, pairs, of_staged)
    changes = [*of_staged, *_of_missing(cinema, pairs, verdicts)]
    locked = _locked(changes)
    held = _held(cinema, [each for each in changes if each not in locked], verdicts)
    counts["unchanged"] += len(cinema.came) - len(of_staged)
    counts["held"] += sum(each.staged is not None for each in held)
    counts["locked"] += sum(each.staged is not None for each in locked)
    done = [each for each in changes if each not in held and each not in locked]
    for each in done:
        counts[each.kind] += 1
        if each.master is not None:
            del master[each.master.key]
    for each in done:
        row = _written(each, cinema.rules.now)
        was = cinema.known[each.master.key] if each.master else Known(row)
        master[row.key] = replace(was, row=row, missing_loads=0)
    return master


def _counted_absences(cinema: _Cinema) -> dict[Key, Known]:
    master = dict(cinema.known)
    for key, each in cinema.known.items():
        if key in cinema.came:
            master[key] = replace(each, missing_loads=0)
        elif cinema.is_expected(each.row) and each.row.show_time >= cinema.rules.now:
            if cinema.is_elsewhere(each.row):
                master[key] = replace(each, missing_loads=0)
                continue
            master[key] = cinema.absent[key] = replace(each, missing_loads=each.missing_loads + 1)
    return master


def _pairs(cinema: _Cinema) -> Sequence[moves.Pair]:
    known = {*cinema.known, *cinema.elsewhere}
    new = [row for key, row in cinema.came.items() if key not in known]
    gone = [each.row for each in cinema.absent.values()]
    return moves.pair(gone, new, cinema.rules.zones).pairs


def _of_staged(cinema: _Cinema, pairs: Sequence[moves.Pair]) -> Iterable[_Change]:
    moved = {pair.came.key: cinema.known[pair.gone.key] for pair in pairs}
    for key, row in cinema.came.items():
        known = moved.get(key) or cinema.known.get(key) or cinema.elsewhere.get(key)
        if known is None:
            yield _Change(INSERT, cinema.weekday(row), row)
            continue
        found = _Change(MOVE, cinema.weekday(known.row), row, known.row, known.locks)
        if key in moved:
            yield found
        elif known.row.missing_since is not None:
            yield replace(found, kind=REVIVE)
        elif key in cinema.elsewhere or _differs(row, known.row):
            yield replace(found, kind=UPDATE)


def _of_missing(
    cinema: _Cinema, pairs: Sequence[moves.Pair], verdicts: Mapping[int, guard.Verdict]
) -> Iterable[_Change]:
    """After enough loads; of a slice that a guard holds at once, so that somebody looks."""
    moved = {pair.gone.key for pair in pairs}
    for key, each in cinema.absent.items():
        weekday = cinema.weekday(each.row)
        is_due = each.missing_loads >= cinema.rules.missing_loads
        if key not in moved and (is_due or verdicts[weekday].holds(MISSING)):
            yield _Change(MISSING, weekday, None, each.row, each.locks)


def _verdicts(
    cinema: _Cinema, pairs: Sequence[moves.Pair], of_staged: Sequence[_Change]
) -> dict[int, guard.Verdict]:
    if not cinema.known:  # a first load
        return {weekday: guard.Verdict() for weekday in range(7)}
    return {weekday: _judged(cinema, weekday, pairs, of_staged) for weekday in range(7)}


def _judged(
    cinema: _Cinema, weekday: int, pairs: Sequence[moves.Pair], of_staged: Sequence[_Change]
) -> guard.Verdict:
    """What locks keep counts as nothing that is done."""
    rules = cinema.rules

    def count(rows: Iterable[Row]) -> int:
        return sum(cinema.weekday(row) == weekday for row in rows)

    expected = [each.row for each in cinema.known.values() if cinema.is_expected(each.row)]
    passed = [row for row in expected if row.show_time < rules.now and not cinema.is_staged(row)]
    changed = [
        each.master for each in of_staged
        if each.kind in (UPDATE, MOVE) and each.master and not each.is_locked
    ]  # fmt: skip
    paired = {pair.gone.key for pair in pairs}
    removed = [
        each.row for key, each in cinema.absent.items()
        if key not in paired and not is_locked(MISSING, None, each.row, each.locks)
    ]  # fmt: skip
    days = [rules.first + dt.timedelta(n) for n in range((rules.last - rules.first).days + 1)]
    figures = guard.Figures(
        weekday=weekday,
        staged=count(cinema.came.values()),
        master=count(expected),
        removed=count(removed),
        changed=count(changed),
        passed=count(passed),
        days=max(1, sum(day.weekday() == weekday for day in days)),
    )
    return guard.judge(figures, rules.history.get(Slice(cinema.id, weekday), ()), rules.thresholds)


def _locked(changes: Sequence[_Change]) -> list[_Change]:
    """And whatever needs a key that one of them therefore keeps."""
    locked = [each for each in changes if each.is_locked]
    while barred := [
        each for each in changes
        if each not in locked and each.takes and any(each.takes == one.gives for one in locked)
    ]:  # fmt: skip
        locked += barred
    return locked


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
        row = kept(change.staged, change.master, change.locks) if change.master else change.staged
        return replace(row, id=pk, missing_since=None)
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
