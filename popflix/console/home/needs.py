"""What needs a person: each app registers sources of needs in its `panels.py`.

A need says what happened, why, and offers one next step. It is derived at each look and never
stored, so it is gone as soon as its cause is.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from popflix.console.pieces.tones import State, Tone

log = logging.getLogger(__name__)
_MOST_OF_A_KIND = 3  # more are folded
_LONGEST_WHY = 200


@dataclass(frozen=True)
class Need:
    """`state` is the badge; `text` what happened, `why` one line of context.

    `href` and `label` are the next step, a page. `rank`: lower stands higher; 0–9 everything
    stands still, 10–29 something failed, 30–49 something is stopped on purpose, 50– it can wait.
    `permission` is what one needs to be shown it (empty: every operator). Of needs `about` one
    and the same thing those of the highest `detail` are shown: an app may know more of it.
    """

    state: State
    text: str
    why: str
    href: str
    label: str
    rank: int = 20
    permission: str = ""
    about: str = ""
    detail: int = 0


def of_unit(name: str) -> str:
    """`about` a unit that broke: its last run failed, or it stopped itself."""
    return f"unit {name}"


def of_letters(source: str) -> str:
    """`about` the dead letters of a source."""
    return f"dead letters {source}"


Source = Callable[[dt.datetime], Iterable[Need]]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """`source(now)` in a fixed number of cheap queries. Raises ValueError for a name taken."""
    if name in _sources:
        raise ValueError(f"the source {name} of needs is registered twice")
    _sources[name] = source


def forget(name: str) -> None:
    """Undo `register`."""
    del _sources[name]


def needs(now: dt.datetime, user: Any) -> list[Need]:
    """What this account is shown, the most urgent first; equal ones as their sources told them."""
    found = [need for name, source in _sources.items() for need in _asked(name, source, now)]
    shown = [each for each in found if not each.permission or user.has_perm(each.permission)]
    best: dict[str, int] = {}
    for each in shown:
        best[each.about] = max(each.detail, best.get(each.about, each.detail))
    told = [each for each in shown if not each.about or each.detail == best[each.about]]
    return sorted(told, key=lambda each: each.rank)


def _asked(name: str, source: Source, now: dt.datetime) -> list[Need]:
    """A source that fails hides no other one, and is told itself."""
    try:
        return list(source(now))
    except Exception as error:
        log.exception("What needs a person cannot be asked of %s", name)
        state = State("Unknown", Tone.BAD)
        return [Need(state, f"{name} cannot be asked", type(error).__name__, "", "", rank=15)]


# --- words --------------------------------------------------------------------------------------


def folded(needs: list[Need], what: str, href: str) -> list[Need]:
    """The first ones, and one line that says how many more there are, and where."""
    more = len(needs) - _MOST_OF_A_KIND
    if more < 2:
        return needs
    last = needs[_MOST_OF_A_KIND]
    text = f"and {more} more {what}"
    rest = Need(last.state, text, "", href, "See all", last.rank, last.permission)
    return [*needs[:_MOST_OF_A_KIND], rest]


def short(text: str) -> str:
    """The first line, cut at a word, as a sentence."""
    line = (text.strip().splitlines() or [""])[0]
    if len(line) > _LONGEST_WHY:
        return f"{line[:_LONGEST_WHY].rpartition(' ')[0] or line[:_LONGEST_WHY]} …"
    return f"{line}." if line and line[-1].isalnum() else line
