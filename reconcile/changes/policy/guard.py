"""Whether a load may change a slice by itself, or a person should look first. Pure.

An empty feed is not "all shows cancelled". What is normal for a slice is learnt from its loads
that were applied; until enough are known the stated defaults hold. Of a slice that is held
nothing else is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from reconcile.changes.types import ChangeKind

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ALL = frozenset(ChangeKind)
_EDITS = frozenset({ChangeKind.UPDATE, ChangeKind.MOVE})
_SIGMA = 1.4826  # makes the median of deviations what a standard deviation is of a bell curve


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Counts and percentages: a load must exceed both to be held."""

    least_history: int = 5  # loads, before which the defaults hold
    removed_count: int = 5
    removed_percent: float = 30.0
    changed_count: int = 10
    changed_percent: float = 50.0
    # Learnt limits: so many spreads around the median, within these bounds.
    spreads: float = 3.0
    least_tolerance: int = 2  # shows
    least_tolerance_percent: float = 10.0
    least_learnt_percent: float = 15.0
    most_learnt_percent: float = 90.0


DEFAULTS = Thresholds()


@dataclass(frozen=True, slots=True)
class Figures:
    """A load and one slice: what it has, and what it would do to master.

    `passed` are those of master's shows that have begun and that the feed has dropped, as feeds
    may: they count as had, and shares are of the others. Shows that moved are none of the
    `removed`. `changed` are updates and moves.
    """

    weekday: int
    staged: int
    master: int  # shows in master on the days that the load covers, before
    removed: int = 0
    changed: int = 0
    passed: int = 0
    days: int = 1  # of this weekday, that the load covers

    @property
    def at_stake(self) -> int:
        return self.master - self.passed


@dataclass(frozen=True, slots=True)
class Past:
    """One applied load and the slice: shows a day, and in percent what it did; None is unknown."""

    shows: float
    removed_percent: float | None = None
    changed_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which kinds of change wait for a person, and why in words; none are held without a why."""

    held: frozenset[ChangeKind] = frozenset()
    why: str = ""

    @property
    def allows_all(self) -> bool:
        return not self.held

    def holds(self, kind: ChangeKind) -> bool:
        return kind in self.held


@dataclass(frozen=True, slots=True)
class Norm:
    """What is normal, as a person would say it: `40 ± 6`."""

    middle: float
    tolerance: int

    def __str__(self) -> str:
        return f"{_number(self.middle)} ± {self.tolerance}"


def judge(now: Figures, history: Sequence[Past], thresholds: Thresholds = DEFAULTS) -> Verdict:
    """Hold all of a slice that is empty, shrunken or loses many; of mass edits those alone."""
    shrunk = _shrunk(now, history, thresholds)
    if shrunk:
        return Verdict(_ALL, shrunk)
    edits = _edits(now, history, thresholds)
    return Verdict(_EDITS, edits) if edits else Verdict()


def norm(shows: Sequence[float], thresholds: Thresholds = DEFAULTS) -> Norm:
    """Median and what may lie around it. `shows` are of at least one load."""
    middle = median(shows)
    least = max(thresholds.least_tolerance, middle * thresholds.least_tolerance_percent / 100)
    return Norm(middle, math.ceil(max(thresholds.spreads * _spread(shows), least)))


# --- removals -----------------------------------------------------------------------------------


def _shrunk(now: Figures, history: Sequence[Past], thresholds: Thresholds) -> str:
    if not now.removed:
        return ""
    day = WEEKDAYS[now.weekday]
    shows = [each.shows for each in history]
    is_learnt = len(shows) >= thresholds.least_history
    has = (now.staged + now.passed) / now.days
    if is_learnt:
        normal = norm(shows, thresholds)
        is_empty = not has and min(shows) > 0
        is_less = has < normal.middle - normal.tolerance and now.removed > 1
        if is_empty or is_less:
            come = _number(has) if has else "none"
            return f"{day} normally has {normal} shows; this feed has {come}"
    elif not has:
        return f"{day} has {_shows(now.master)} in master; this feed has none"
    limit, why = _limit(
        [each.removed_percent for each in history], thresholds.removed_percent, thresholds
    )
    percent = _percent(now.removed, now.at_stake)
    if now.removed > thresholds.removed_count and percent > limit:
        share = f"{now.removed} of {_shows(now.at_stake)}"
        return f"{share} on {day} would go, {_number(percent)} %; {why}"
    return ""


# --- mass edits ---------------------------------------------------------------------------------


def _edits(now: Figures, history: Sequence[Past], thresholds: Thresholds) -> str:
    limit, why = _limit(
        [each.changed_percent for each in history], thresholds.changed_percent, thresholds
    )
    percent = _percent(now.changed, now.at_stake)
    if now.changed <= thresholds.changed_count or percent <= limit:
        return ""
    day = WEEKDAYS[now.weekday]
    return (
        f"{now.changed} of {_shows(now.at_stake)} on {day} would change or move, "
        f"{_number(percent)} %; {why}"
    )


# --- figures and words --------------------------------------------------------------------------


def _limit(
    known: Sequence[float | None], default: float, thresholds: Thresholds
) -> tuple[float, str]:
    """The percentage that is let through, and why it is that."""
    past = [each for each in known if each is not None]
    if len(past) < thresholds.least_history:
        how_many = f"{len(past)} of {thresholds.least_history} loads are known"
        return default, f"up to {_number(default)} % pass while only {how_many}"
    learnt = median(past) + thresholds.spreads * _spread(past)
    limit = min(max(learnt, thresholds.least_learnt_percent), thresholds.most_learnt_percent)
    return limit, f"normally it is {_number(median(past))} %, and up to {_number(limit)} % pass"


def _spread(values: Sequence[float]) -> float:
    """Like a standard deviation, but one odd load does not widen it."""
    middle = median(values)
    return _SIGMA * median(abs(each - middle) for each in values)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _number(value: float) -> str:
    """As people say it: `40`, `4`, `3.5`; what is little is not said to be nothing."""
    return f"{value:.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"


def _shows(count: int) -> str:
    return f"{count} {'show' if count == 1 else 'shows'}"
