"""What locks of fields leave of a change. Pure.

A lock is of one field of one row of master, and wins over any feed: the field is taken out of the
change, and where nothing is left, or what the change is about is locked, the change waits as
LOCKED. A show whose place an operator keeps is known to the feed under another key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconcile.changes.policy.diff import Told
from reconcile.changes.policy.proposal import Key, Proposal, State
from reconcile.changes.told import FIELDS
from reconcile.changes.types import ChangeKind, Row

PLACE = ("screen_name", "show_time")
Locked = Mapping[str, Any]  # by field what the feed said when it was locked
_BARRED = "takes the place of a show that a lock keeps there"


@dataclass(frozen=True, slots=True)
class Displaced:
    """A show of master whose place an operator keeps; `key` is where the feed has it."""

    row: Row
    key: Key


def displaced(row: Row, locked: Locked) -> Displaced | None:
    """Where the feed looks for the show, if that is not where it is."""
    screen = locked.get("screen_name")
    begins = locked.get("show_time")
    key = (
        row.movie_id,
        row.cinema_id,
        screen if isinstance(screen, str) else row.screen_name,
        dt.datetime.fromisoformat(begins) if isinstance(begins, str) else row.show_time,
    )
    return None if key == row.key else Displaced(row, key)


def counterparts(new: Iterable[Row], shows: Iterable[Displaced]) -> list[tuple[Row, Row]]:
    """Staged rows that master seems to lack, with the displaced shows that they are."""
    known = {each.key: each.row for each in shows}
    return [(row, known[row.key]) for row in new if row.key in known]


def has_passed(row: Row, now: dt.datetime) -> bool:
    return row.show_time + dt.timedelta(minutes=row.length or 0) < now


def crossed(kind: str, after: Collection[str], locked: Collection[str]) -> set[str]:
    """The locked fields that such a change would write, or that forbid it whole."""
    if kind == ChangeKind.REMOVE:  # nothing of the row would be left
        return set(locked)
    if kind == ChangeKind.MISSING:
        return {*PLACE, "is_active"} & set(locked)
    if kind == ChangeKind.REVIVE:
        return ({*after} | {"is_active"}) & set(locked)
    return {*after} & set(locked)


def minded(proposal: Proposal, locked: Locked) -> Proposal:
    """The change without the locked fields, or LOCKED as it is."""
    fields = crossed(proposal.kind, proposal.after, locked)
    if not fields:
        return proposal
    feed = {name: proposal.after[name] for name in proposal.after if name in fields}
    if _is_whole(proposal, fields):
        return replace(proposal, state=State.LOCKED, locked=feed, reason=_why(fields))
    return replace(
        proposal,
        before=_without(proposal.before, fields),
        after=_without(proposal.after, fields),
        locked=feed,
    )


def _is_whole(proposal: Proposal, fields: Collection[str]) -> bool:
    if proposal.kind == ChangeKind.UPDATE:
        return not set(proposal.after) - set(fields)
    if proposal.kind == ChangeKind.MOVE:
        return not set(PLACE).isdisjoint(fields)
    if proposal.kind == ChangeKind.REVIVE:
        return "is_active" in fields
    return True


def _without(values: Mapping[str, Told], fields: Collection[str]) -> dict[str, Told]:
    return {name: value for name, value in values.items() if name not in fields}


def _why(fields: Iterable[str]) -> str:
    return f"locked: {', '.join(FIELDS[name] for name in sorted(fields))}"


def barred(proposals: Sequence[Proposal], folded: Any) -> list[Proposal]:
    """With those LOCKED, too, that take a key which a LOCKED one therefore does not give up."""
    made = list(proposals)
    taking: dict[Key, list[int]] = {}
    for n, each in enumerate(made):
        if each.takes is not None:
            taking.setdefault(folded(each.takes), []).append(n)
    kept = [each for each in made if each.state is State.LOCKED]
    while kept:
        each = kept.pop()
        if each.gives_up is None:
            continue
        for n in taking.get(folded(each.gives_up), ()):
            if made[n].state is not State.LOCKED:
                made[n] = replace(made[n], state=State.LOCKED, reason=_BARRED)
                kept.append(made[n])
    return made
