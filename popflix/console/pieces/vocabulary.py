"""Which word has which tone, by group; an app adds the words of its own tables."""

from __future__ import annotations

from popflix.console.pieces import tones
from popflix.console.pieces.tones import State, States

_groups: dict[str, States] = {
    "run": tones.RUNS,
    "unit": tones.UNITS,
    "event": tones.EVENTS,
    "schedule": tones.SCHEDULES,
}


def register(group: str, states: States) -> None:
    """Give a group its words; they appear on the page of pieces too."""
    _groups[group] = states


def state(group: str, word: str) -> State:
    """The badge of a word. An unknown one is shown as it is: a page never fails for a word."""
    return _groups.get(group, {}).get(word) or tones.unknown(word)


def groups() -> dict[str, States]:
    return dict(_groups)
