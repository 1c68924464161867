"""A change as a card: what master has beside what the feed says, and what is known around it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from popflix.console.pieces.changes import Part, Parts, marked
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.field_locks import Kept, locks_of
from reconcile.changes import told
from reconcile.changes.models import Change, ChangeState, Purpose
from reconcile.changes.policy.guard import WEEKDAYS
from reconcile.changes.programme.oddities import warnings_for
from reconcile.changes.screens import cells
from reconcile.changes.screens.around import Around, look_around, of
from reconcile.changes.screens.asked import decide_url
from reconcile.changes.types import ChangeKind

MASTER = "reconcile.mastershow"  # as locks name its table
_IN_HEADING = ("title", "cinema_id")  # of a new show: not told twice


@dataclass(frozen=True)
class Row:
    """A field on both sides; `lock` says until when an operator keeps it from the feed."""

    name: str
    master: Parts
    feed: Parts
    lock: str = ""


@dataclass(frozen=True)
class Card:
    """`hold` heads the cards of a slice that a guard holds: it is told once, above the first."""

    change: Change
    around: Around
    rows: Sequence[Row]
    summary: str
    day: str
    warnings: Sequence[str]
    linked: int
    hold: str = ""

    @property
    def heading(self) -> str:
        return self.around.title or self.summary

    @property
    def beside(self) -> str:
        """What stands beside master: the feed's word, or what a person or its absence came to."""
        is_said = self.change.change_set.purpose == Purpose.LOAD
        return "Feed" if is_said and self.change.kind != ChangeKind.MISSING else "After"

    @property
    def weekday(self) -> str:
        return WEEKDAYS[self.change.weekday % 7]

    @property
    def may_approve(self) -> bool:
        return self.change.state in (ChangeState.HELD, ChangeState.REJECTED)

    @property
    def may_reject(self) -> bool:
        return self.change.state in (ChangeState.HELD, ChangeState.APPROVED)

    @property
    def approve_slice(self) -> str:
        return self._decide_slice("approve")

    @property
    def reject_slice(self) -> str:
        return self._decide_slice("reject")

    def _decide_slice(self, verdict: str) -> str:
        it = self.change
        return decide_url(
            it.change_set_id, verdict, state=it.state, cinema=it.cinema_id, weekday=it.weekday
        )

    @property
    def reason(self) -> str:
        """What its heading does not tell already."""
        is_told = self.hold and self.change.state == ChangeState.HELD
        return "" if is_told else self.change.reason


def cards(changes: Sequence[Change], now: dt.datetime | None = None) -> list[Card]:
    """In a fixed number of queries, however many they are; they come with their `change_set`."""
    look_around(changes)
    shows = [each.master_id for each in changes if each.master_id]
    locks = locks_of(MASTER, shows, now or SYSTEM_CLOCK.now())
    warnings, linked = warnings_for(changes), _linked(changes)
    return [
        Card(
            each,
            of(each),
            list(_rows(each, of(each), locks.get(str(each.master_id), {}))),
            _summary(each),
            cells.day_of(each),
            warnings.get(each.pk, ()),
            linked.get((each.cinema_id, each.group), 1) - 1,
            each.reason if each.state == ChangeState.HELD else "",
        )
        for each in changes
    ]


def _summary(change: Change) -> str:
    return told.summary(change.kind, {}, {}, change.row_count, of(change).zone) or "A show"


def _linked(changes: Sequence[Change]) -> Mapping[tuple[int, int | None], int]:
    """How many changes there are of each group, which is decided as one."""
    grouped = {(each.change_set_id, each.cinema_id, each.group) for each in changes if each.group}
    if not grouped:
        return {}
    rows = Change.objects.filter(
        change_set__in={set_id for set_id, _, _ in grouped},
        cinema_id__in={cinema_id for _, cinema_id, _ in grouped},
        group__in={group for _, _, group in grouped},
    ).order_by()
    counted = rows.values_list("cinema_id", "group").annotate(Count("pk"))
    return Counter({(cinema, group): count for cinema, group, count in counted})


# --- the table ----------------------------------------------------------------------------------


def _rows(change: Change, around: Around, locks: Mapping[str, Kept]) -> Iterator[Row]:
    """What changes, and what a lock keeps from changing."""
    before, after, kept = change.before, change.after, change.locked or {}
    is_new = change.kind == ChangeKind.INSERT
    for name in told.in_order({*before, *after, *kept}):
        if is_new and (name in _IN_HEADING or after.get(name) is None):
            continue
        old = before.get(name, _now(around, name))
        new = kept[name] if name in kept else after.get(name)
        sides = [told.value(name, each, around.zone) or "" for each in (old, new)]
        lock = _lock(name, name in kept, locks)
        plain = is_new or name in kept
        yield Row(told.FIELDS[name], *(_plain(sides) if plain else marked(*sides)), lock)


def _lock(name: str, is_kept: bool, locks: Mapping[str, Kept]) -> str:
    if name in locks:
        return f"locked {locks[name].until_words}"
    return "was locked" if is_kept else ""


def _now(around: Around, name: str) -> Any:
    """What master says of a field that the change leaves as it is."""
    value = getattr(around.master, name, None)
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _plain(sides: Sequence[str]) -> tuple[Parts, Parts]:
    """Where nothing stood, or nothing will be written, no word of it differs."""
    old, new = ([Part(text, is_changed=False)] if text else [] for text in sides)
    return old, new
