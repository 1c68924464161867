"""Events in words, as the timeline of a run and the list of events show them."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.console.home.stream import STARTED_BY
from popflix.engine.models import Event
from popflix.engine.views.words import cut, pairs

_CUT = 200
_SENTENCES = ("text", "why", "error")
_WORDS = {
    "by": "by {}",
    "retry_of": "retry of run {}",
    "parent": "part of run {}",
    "host": "on {}",
}
_LEFT_OUT = {"pid", "resume_at", "not_before", "trigger"}  # the page of the run says it


def milestone_of(event: Event) -> str:
    """What a milestone is called; that of a change of status says nothing more than its kind."""
    is_change = event.milestone_id.startswith(f"unit.{event.unit}.")
    return "" if is_change else event.milestone_id


def told(payload: Mapping[str, object], width: int = _CUT) -> str:
    """A sentence comes first and as it is, then what has words, then the rest as pairs."""
    given = {name: each for name, each in payload.items() if each not in (None, "", [], {})}
    said = [str(given.pop(name)) for name in _SENTENCES if name in given]
    if "trigger" in given and not {"parent", "retry_of"} & given.keys():
        trigger = str(given["trigger"])
        said.append(STARTED_BY.get(trigger, trigger))
    said += [words.format(given.pop(name)) for name, words in _WORDS.items() if name in given]
    rest = {name: each for name, each in given.items() if name not in _LEFT_OUT}
    return cut(" · ".join([*said, *([pairs(rest)] if rest else [])]), width)


def told_whole(payload: Mapping[str, object]) -> str:
    """Everything, as pairs."""
    return pairs(payload)
