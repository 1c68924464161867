"""What an event says, in words for a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popflix.engine.states import Kind
from popflix.engine.views.words import cut, pairs

_WIDTH = 140
STARTED_BY = {
    "command": "by a command",
    "schedule": "by its schedule",
    "retry": "tried again",
    "parent": "as a part of another run",
    "manager": "by a program",
    "admin": "from the admin",
}


def words(
    kind: str, milestone: str, payload: Mapping[str, Any], done: int = 0, failed: int = 0
) -> str:
    """Empty where the kind says it all. `milestone`: its name, without that of a status.

    `done` and `failed` are the run's counts.
    """
    if kind == Kind.QUEUED:
        return _wanted(payload)
    # Host and process are told on the run's page.
    if kind == Kind.START or (kind == Kind.RESUME and "host" in payload):
        return ""
    if kind == Kind.COMPLETE:
        return _counts(done, failed)
    sentence = next((payload[name] for name in ("why", "text", "error") if payload.get(name)), "")
    if sentence and not milestone:
        by = payload.get("by")
        return cut(f"by {by}: {sentence}" if by else str(sentence), _WIDTH)
    told = pairs({name: each for name, each in payload.items() if each != ""})
    return cut(": ".join(part for part in (milestone, told) if part), _WIDTH)


def _wanted(payload: Mapping[str, Any]) -> str:
    trigger = str(payload.get("trigger", ""))
    told = STARTED_BY.get(trigger, trigger)
    return cut(f"{told}, by {payload['by']}" if payload.get("by") else told, _WIDTH)


def _counts(done: int, failed: int) -> str:
    told = [f"{done:,} done"] if done else []
    told += [f"{failed:,} failed"] if failed else []
    return ", ".join(told)
