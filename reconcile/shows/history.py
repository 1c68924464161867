"""Why a show of master says what it says: its changes, what operators did, how it came in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from popflix.lib.models import AuditEntry
from reconcile.changes import told
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose
from reconcile.changes.policy import diff
from reconcile.changes.types import ChangeKind, Row
from reconcile.shows.editing import EDITABLE, target
from reconcile.shows.models import MasterShow
from reconcile.shows.rows import row_of

MOST = 50  # of changes, and of what operators did
_BY_HAND = ("edit show", "lock fields", "unlock fields")
_SETS_LOOKED_AT = 5
_A_SECOND = dt.timedelta(seconds=1)  # an adopted created_at keeps no less


@dataclass(frozen=True)
class Happened:
    """One thing that came to pass: a change of a set, or an entry of the audit trail.

    `before` and `after` are values as JSON keeps them, of the fields that it was about.
    """

    at: dt.datetime
    change: Change | None = None
    entry: AuditEntry | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    is_first_load: bool = False  # a day of a cinema at once: no value is kept by itself

    @property
    def has_written(self) -> bool:
        if self.change is not None:
            return self.change.state in (ChangeState.APPLIED, ChangeState.UNDONE)
        return bool(self.after)

    def says(self, name: str, value: object) -> bool:
        """Whether it made the field what it is."""
        if self.is_first_load:
            return True
        return name in self.after and self.after[name] == value


@dataclass(frozen=True)
class Since:
    """A field as it stands; `happened` made it so, None where nobody knows."""

    name: str
    value: diff.Told
    happened: Happened | None


@dataclass(frozen=True)
class Provenance:
    """`happened` is in the order of time, the newest first."""

    fields: Sequence[Since]
    happened: Sequence[Happened]
    has_more: bool = False


def provenance(show: MasterShow) -> Provenance:
    """In a fixed number of queries, however much happened."""
    changes = list(
        Change.objects.filter(master_id=show.pk)
        .select_related("change_set")
        .order_by("-pk")[: MOST + 1]
    )
    entries = list(
        AuditEntry.objects.filter(target=target(show.pk), action__in=_BY_HAND)
        .order_by("-pk")[: MOST + 1]
    )  # fmt: skip
    known = [*map(_of_change, changes[:MOST]), *map(_of_entry, entries[:MOST])]
    if not any(each.change and each.change.kind == ChangeKind.INSERT for each in known):
        known += _first_load(show)
    known.sort(key=lambda each: each.at, reverse=True)
    row = row_of(show)
    has_more = max(len(changes), len(entries)) > MOST
    return Provenance([_since(row, name, known) for name in EDITABLE], known, has_more)


def _since(row: Row, name: str, known: Sequence[Happened]) -> Since:
    """The newest that wrote the field tells, if it wrote what is there."""
    value = diff.told(row, [name])[name]
    for each in known:
        if each.has_written and (each.is_first_load or name in each.after):
            return Since(name, value, each if each.says(name, value) else None)
    return Since(name, value, None)


def _of_change(change: Change) -> Happened:
    at = change.applied_at or change.decided_at or change.change_set.created_at
    return Happened(at, change, None, change.before, change.after)


def _of_entry(entry: AuditEntry) -> Happened:
    sides = {
        name: kept for name, kept in entry.details.items()
        if isinstance(kept, dict) and kept.keys() == {"before", "after"}
    }  # fmt: skip
    return Happened(
        entry.at,
        None,
        entry,
        {name: kept["before"] for name, kept in sides.items()},
        {name: kept["after"] for name, kept in sides.items()},
    )


def _first_load(show: MasterShow) -> list[Happened]:
    """The change that brought a whole day of its cinema, and this show with it, into master."""
    made = show.created_at
    slices = Change.objects.filter(
        change_set__in=_sets_around(made), cinema_id=show.cinema_id, kind=ChangeKind.INSERT,
        master_id=None,
        applied_at__gte=made - _A_SECOND, applied_at__lte=made + _A_SECOND,
    )  # fmt: skip
    for change in slices.select_related("change_set").order_by("day"):
        if not change.after:
            return [Happened(change.applied_at or made, change, is_first_load=True)]
    return []


def _sets_around(moment: dt.datetime) -> list[int]:
    """The last sets made before it: keys rise with time."""
    newest = ChangeSet.objects.filter(purpose=Purpose.LOAD, created_at__lte=moment + _A_SECOND)
    return list(newest.order_by("-pk").values_list("pk", flat=True)[:_SETS_LOOKED_AT])


def summary(happened: Happened, zone: Any = None) -> str:
    """What it changed, in one line."""
    if happened.is_first_load:
        return "Came in with the first load of its cinema"
    if happened.change is not None:
        change = happened.change
        return told.summary(change.kind, change.before, change.after, change.row_count, zone)
    if happened.after:
        return told.summary(ChangeKind.UPDATE, happened.before, happened.after, 1, zone)
    fields = happened.entry.details.get("fields", []) if happened.entry else []
    return ", ".join(told.FIELDS.get(name, str(name)) for name in fields)
