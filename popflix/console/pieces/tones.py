"""What a colour means, and the engine's words in it. Pure.

A colour never stands alone: each tone has its icon, and a badge says its word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from popflix.engine.states import Kind, Status, UnitStatus


class Tone(StrEnum):
    """The names are classes in the stylesheet."""

    OK = "ok"  # done, as it should be
    WAIT = "wait"  # goes on by itself, later
    BAD = "bad"  # failed; somebody may have to do something
    INFO = "info"  # going on now
    HOLD = "hold"  # stopped on purpose, until it is released
    QUIET = "quiet"  # nothing to see


# Strokes on a grid of 16 × 16.
ICONS: Mapping[Tone, str] = {
    Tone.OK: "M3 8.5l3.4 3.4L13 5",
    Tone.WAIT: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 5v3.2l2.2 1.3",
    Tone.BAD: "M4 4l8 8M12 4l-8 8",
    Tone.INFO: "M5 3.5v9l7-4.5z",
    Tone.HOLD: "M5.5 3.5v9M10.5 3.5v9",
    Tone.QUIET: "M4 8h8",
}


@dataclass(frozen=True)
class State:
    """One word as a badge shows it."""

    label: str
    tone: Tone

    @property
    def icon(self) -> str:
        return ICONS[self.tone]


States = Mapping[str, State]


def _of(tones: Mapping[str, Tone]) -> States:
    return {str(word): State(str(word).capitalize(), tone) for word, tone in tones.items()}


RUNS = _of(
    {
        Status.QUEUED: Tone.QUIET,
        Status.RUNNING: Tone.INFO,
        Status.WAITING: Tone.WAIT,
        Status.COMPLETED: Tone.OK,
        Status.ERROR: Tone.BAD,
        Status.CANCELLED: Tone.QUIET,
        Status.LOST: Tone.BAD,
    }
)
UNITS = _of(
    {
        UnitStatus.IDLE: Tone.QUIET,
        UnitStatus.RUNNING: Tone.INFO,
        UnitStatus.PAUSED: Tone.HOLD,
        UnitStatus.COMPLETED: Tone.OK,
        UnitStatus.ERROR: Tone.BAD,
    }
)
EVENTS = _of(
    {
        Kind.QUEUED: Tone.QUIET,
        Kind.START: Tone.INFO,
        Kind.WAITING: Tone.WAIT,
        Kind.RESUME: Tone.INFO,
        Kind.REQUEUE: Tone.WAIT,
        Kind.COMPLETE: Tone.OK,
        Kind.ERROR: Tone.BAD,
        Kind.CANCEL: Tone.QUIET,
        Kind.LOST: Tone.BAD,
        Kind.MILESTONE: Tone.INFO,
        Kind.NOTE: Tone.QUIET,
        Kind.PAUSE: Tone.HOLD,
        Kind.RESET: Tone.QUIET,
        Kind.SKIP: Tone.QUIET,
    }
)
SCHEDULES: States = {
    "on": State("On", Tone.OK),
    "off": State("Off", Tone.QUIET),
    "broken": State("Cannot fire", Tone.BAD),
}


def unknown(word: str) -> State:
    """A word that nobody gave a tone: shown as it is, and quietly."""
    return State(word or "–", Tone.QUIET)
