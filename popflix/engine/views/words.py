"""Values as an operator reads them on one line of a terminal. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping

# What is stored came from outside: an escape sequence in it must not reach the terminal, and half
# a letter (a surrogate) can be written nowhere.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    """The text without control characters, each replaced by a blank."""
    return _CONTROL.sub(" ", text)


def cut(text: str, width: int) -> str:
    """At most `width` characters, the last of them … where something is missing."""
    line = one_line(text)
    return line if len(line) <= width else f"{line[: max(width - 1, 0)]}…"


def instant(at: dt.datetime | None, zone: dt.tzinfo, *, now: dt.datetime | None = None) -> str:
    """`2026-03-01 12:00:05`; only the time of day where it is the day of `now`."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    is_today = now is not None and now.astimezone(zone).date() == local.date()
    return f"{local:%H:%M:%S}" if is_today else f"{local:%Y-%m-%d %H:%M:%S}"


def pairs(payload: Mapping[str, object]) -> str:
    """`counted=25 last="nine ten"`: values as JSON, plain words without quotes."""
    return " ".join(f"{one_line(key)}={_value(each)}" for key, each in payload.items())


def _value(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[^\s\"=]+", value):
        return one_line(value)
    return one_line(json.dumps(value, ensure_ascii=False, default=str))


def count(done: int, total: int | None) -> str:
    """`25`, `25 of 100`."""
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"
