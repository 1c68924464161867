"""Changes in words: what a list, a page and a notification say of them. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from reconcile.changes.types import COMPARED, KEY, ChangeKind

FIELDS = {
    "movie_id": "film", "cinema_id": "cinema", "screen_name": "screen", "show_time": "begins",
    "title": "title", "rating": "rating", "length": "length", "format": "format",
    "genere": "genre", "is_active": "active", "image_url": "picture",
    "missing_since": "missing since",
}  # fmt: skip
_ORDER = (*KEY, *COMPARED, "missing_since")
_INSTANTS = ("show_time", "missing_since")
_TOLD_OF_LINE = 2  # fields; of more only their number is told
_LONGEST = 40  # of a value in a line; what two long ones begin with alike is left out
_BESIDE = 8  # letters before the first that differs
MANY = {
    ChangeKind.INSERT: "new", ChangeKind.UPDATE: "updated", ChangeKind.MOVE: "moved",
    ChangeKind.MISSING: "missing", ChangeKind.REVIVE: "revived", ChangeKind.REMOVE: "removed",
}  # fmt: skip
Kept = Mapping[str, Any]  # values as a change keeps them
Counts = Mapping[str, Any]  # of a change set; other figures stand beside the kinds


# --- counts of a change set ---------------------------------------------------------------------


def by_kind(counts: Counts) -> dict[ChangeKind, dict[str, int]]:
    """Rows by kind and state, in the order of the kinds."""
    found = ((kind, counts.get(kind)) for kind in ChangeKind)
    return {kind: dict(states) for kind, states in found if states}


def totals(counts: Counts) -> dict[ChangeKind, int]:
    return {kind: sum(states.values()) for kind, states in by_kind(counts).items()}


def in_state(counts: Counts, state: str) -> Counter[ChangeKind]:
    """Rows in this state, by kind."""
    return Counter(
        {kind: states[state] for kind, states in by_kind(counts).items() if states.get(state)}
    )


def kinds(rows: Mapping[ChangeKind, int]) -> str:
    """`38 missing and 2 new shows`."""
    words = [f"{count:,} {MANY[kind]}" for kind, count in rows.items()]
    noun = "show" if sum(rows.values()) == 1 else "shows"
    return f"{' and '.join(filter(None, [', '.join(words[:-1]), *words[-1:]]))} {noun}"


# --- one change ---------------------------------------------------------------------------------


def differences(
    before: Kept, after: Kept, zone: ZoneInfo | None = None
) -> list[tuple[str, str | None, str | None]]:
    """Each field with what it was and what it becomes; None where nothing is said."""
    return [
        (FIELDS[name], value(name, before.get(name), zone), value(name, after.get(name), zone))
        for name in in_order({*before, *after})
    ]


def in_order(names: Collection[str]) -> list[str]:
    """The fields as they are told: where and when first."""
    return [name for name in _ORDER if name in names]


def summary(
    kind: str, before: Kept, after: Kept, row_count: int = 1, zone: ZoneInfo | None = None
) -> str:
    """One line, with times on the cinema's clock alone."""
    if kind == ChangeKind.INSERT:
        return f"{row_count:,} new shows" if row_count > 1 else "A new show"
    if kind == ChangeKind.MISSING:
        return "The feed has it no more"
    if kind == ChangeKind.REVIVE:
        return "The feed has it again"
    names = in_order({*before, *after})
    words = [
        f"{FIELDS[name]}: {_arrow(name, before.get(name), after.get(name), zone)}"
        for name in names[:_TOLD_OF_LINE]
    ]
    more = len(names) - _TOLD_OF_LINE
    return "; ".join([*words, f"and {more} more"] if more > 0 else words)


def _arrow(name: str, before: Any, after: Any, zone: ZoneInfo | None) -> str:
    if name in _INSTANTS and before and after:
        return _between(dt.datetime.fromisoformat(before), dt.datetime.fromisoformat(after), zone)
    old, new = value(name, before, zone), value(name, after, zone)
    if old and new and max(len(old), len(new)) > _LONGEST:
        alike = (one == other for one, other in zip(old, new, strict=False))
        same = max(0, sum(takewhile(bool, alike)) - _BESIDE)
        old, new = (f"…{text[same:]}" if same else text for text in (old, new))
    return f"{_cut(old)} → {_cut(new)}"


def _between(before: dt.datetime, after: dt.datetime, zone: ZoneInfo | None) -> str:
    """The day is not said twice."""
    old, new = before.astimezone(zone or dt.UTC), after.astimezone(zone or dt.UTC)
    if old.date() == new.date():
        return f"{old:%H:%M} → {new:%H:%M}"
    return f"{clock(before, zone)} → {clock(after, zone)}"


def value(name: str, kept: Any, zone: ZoneInfo | None = None) -> str | None:
    """What a person reads; a time both in UTC and on the cinema's clock."""
    if kept is None:
        return None
    if name in _INSTANTS:
        return moment(dt.datetime.fromisoformat(kept), zone)
    return f"{kept} min" if name == "length" else str(kept)


def moment(at: dt.datetime, zone: ZoneInfo | None) -> str:
    """`2026-01-31 15:30 Asia/Kolkata (10:00 UTC)`."""
    utc = at.astimezone(dt.UTC)
    if zone is None or zone.key == "UTC":
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    local = at.astimezone(zone)
    day = "" if utc.date() == local.date() else f"{utc:%Y-%m-%d} "
    return f"{local:%Y-%m-%d %H:%M} {zone.key} ({day}{utc:%H:%M} UTC)"


def clock(at: dt.datetime, zone: ZoneInfo | None) -> str:
    """`Sat 31 Jan 15:30`."""
    local = at.astimezone(zone or dt.UTC)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def day(of: dt.date) -> str:
    """`Sat 31 Jan 2026`."""
    return f"{of:%a} {of.day} {of:%b %Y}"


def zone_of(*names: str) -> ZoneInfo | None:
    """The first of them that is one: of a cinema, else of its load."""
    return next((ZoneInfo(name) for name in names if name), None)


def _cut(text: str | None) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
