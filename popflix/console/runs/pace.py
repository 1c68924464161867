"""How fast a run went and goes, from its samples. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RECENT_SECONDS = 15.0  # over which "now" is taken: chunks are committed every few seconds
_MOST_POINTS = 60
_LEAST_SECONDS = 1.0  # a rate over less says nothing


@dataclass(frozen=True)
class Mark:
    """How many were done at an instant."""

    at: dt.datetime
    done: int


def together(of_each: Mapping[int, Sequence[Mark]]) -> list[Mark]:
    """The marks of several runs, each oldest first, as those of one: what all had done by then."""
    latest: dict[int, int] = {}
    found: list[Mark] = []
    every = [(mark.at, run, mark.done) for run, marks in of_each.items() for mark in marks]
    for at, run, done in sorted(every):
        latest[run] = done
        found.append(Mark(at, sum(latest.values())))
    return found


def rates(marks: Sequence[Mark], points: int = _MOST_POINTS) -> list[tuple[dt.datetime, float]]:
    """Done per second over equal stretches of time, each with its end; marks oldest first.

    Never more points than there are stretches between marks.
    """
    if len(marks) < 2 or _seconds(marks[0], marks[-1]) < _LEAST_SECONDS:
        return []
    count = min(points, len(marks) - 1)
    width = (marks[-1].at - marks[0].at) / count
    ends = [marks[0].at + width * (index + 1) for index in range(count)]
    done = [float(marks[0].done), *_done_at(marks, ends)]
    return [
        (at, max(0.0, done[index + 1] - done[index]) / width.total_seconds())
        for index, at in enumerate(ends)
    ]


def _done_at(marks: Sequence[Mark], instants: Sequence[dt.datetime]) -> list[float]:
    """How many were done at each instant, both oldest first; between marks evenly."""
    found, after = [], 1
    for at in instants:
        while after < len(marks) - 1 and marks[after].at < at:
            after += 1
        low, high = marks[after - 1], marks[after]
        whole = _seconds(low, high)
        share = min(1.0, (at - low.at).total_seconds() / whole) if whole > 0 else 1.0
        found.append(low.done + share * (high.done - low.done))
    return found


def recent(marks: Sequence[Mark], done: int, now: dt.datetime) -> float | None:
    """Done per second of late: since the newest mark that is old enough, else the oldest."""
    if not marks:
        return None
    latest = now - dt.timedelta(seconds=RECENT_SECONDS)
    since = next((mark for mark in reversed(marks) if mark.at <= latest), marks[0])
    return per_second(done - since.done, (now - since.at).total_seconds())


def per_second(done: int, seconds: float) -> float | None:
    return max(0, done) / seconds if seconds >= _LEAST_SECONDS else None


def _seconds(first: Mark, last: Mark) -> float:
    return (last.at - first.at).total_seconds()
