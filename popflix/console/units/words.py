"""A unit in words: its retry policy, its timetable, its parameters as they are typed. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from popflix.console.pieces.moments import lasted
from popflix.engine.retry import RetryPolicy
from popflix.engine.schedules.cadence import Cadence
from popflix.engine.views.params import parse_params
from popflix.lib.errors import UsageError

_LONGEST = 60  # characters of a default that are shown


def typed_params(text: str) -> dict[str, object]:
    """One `name=value` in each line. Raises UsageError naming the line that is none."""
    lines = [line.strip() for line in text.splitlines()]
    return parse_params(_tidy(line) for line in lines if line)


def _tidy(line: str) -> str:
    name, equals, value = (part.strip() for part in line.partition("="))
    if not (name and equals):
        raise UsageError(
            f"The line {line[:_LONGEST]!r} is not name=value.",
            "Write one parameter in each line, such as limit=10.",
        )
    return f"{name}={value}"


def known_params(defaults: Mapping[str, object]) -> list[str]:
    """`limit`, `batch_size=100`: names, with what they are where nothing is said."""
    return [
        name if value in (None, "", [], {}) else f"{name}={_short(value)}"
        for name, value in defaults.items()
    ]


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def retries(policy: RetryPolicy) -> list[str]:
    """What becomes of a run that fails, and of one whose process dies."""
    return [*_of_failures(policy), _of_crashes(policy.crashes)]


def _of_failures(policy: RetryPolicy) -> list[str]:
    if policy.attempts <= 1:
        return ["A run that fails is not tried again by itself."]
    pause = f"up to {lasted(policy.base_seconds)}"
    if policy.attempts > 2:
        pause += f", twice as long before each further one, at most {lasted(policy.cap_seconds)}"
    told = [
        f"A run that fails is tried {policy.attempts} times in all. Before the second attempt it "
        f"waits {pause}."
    ]
    if policy.deadline_seconds is not None:
        within = lasted(policy.deadline_seconds)
        told.append(f"No attempt starts later than {within} after the first was queued.")
    return [*told, "What a person has to mend is not tried again."]


def _of_crashes(crashes: int) -> str:
    if crashes <= 1:
        return "A run whose process dies is lost."
    return f"A run whose process dies {crashes} times in a row without progress is lost."


def when(cadence: Cadence) -> str:
    """`every 15 min`, `0 4 * * * in Europe/Berlin`."""
    if cadence.every_seconds is None:
        return f"{cadence.cron} in {cadence.time_zone}"
    return (
        f"every {lasted(cadence.every_seconds)}" if cadence.every_seconds >= 10 else str(cadence)
    )


def jitter(seconds: int) -> str:
    return f"Each firing comes up to {lasted(seconds)} later." if seconds else ""


def work_of(workers: Sequence[str], mode: str) -> str:
    """What a process does, which has no words of its own."""
    if mode == "sequential":
        return f"Runs one after the other: {', '.join(workers)}. It stops at the first failure."
    return f"Runs at once: {', '.join(workers)}."
