"""Instants and durations in words. Pure: `now` and the zone are given."""

from __future__ import annotations

import datetime as dt

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DAYS_IN_WORDS = 30  # further away a date says more than a count of days


def relative(at: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> str:
    """`just now`, `40 s ago`, `in 18 min`, `3 days ago`; a date where it is over a month away."""
    seconds = round((now - at).total_seconds())
    if abs(seconds) >= _DAYS_IN_WORDS * _DAY:
        return f"{at.astimezone(zone):%Y-%m-%d}"
    if abs(seconds) < 5:
        return "just now" if seconds >= 0 else "now"
    words = _rounded(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def _rounded(seconds: int) -> str:
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    return f"{seconds // _DAY} days"


def exact(at: dt.datetime, zone: dt.tzinfo) -> str:
    """`2026-03-01 12:00:05 UTC`: what `relative` leaves out."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def lasted(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 days 2 h`; nothing for less than nothing."""
    whole = round(max(seconds, 0))
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    for large, name, small, rest in (
        (_DAY, "days", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s"),
    ):  # fmt: skip
        if whole >= (2 * _DAY if large == _DAY else large):
            return _two(whole // large, name, whole % large // small, rest)
    return f"{whole} s"


def _two(many: int, name: str, few: int, rest: str) -> str:
    return f"{many} {name} {few} {rest}" if few else f"{many} {name}"
