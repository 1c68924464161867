"""Rows of master as lines of an archive, with the locks of their fields, and back."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from popflix.lib import field_locks
from popflix.lib.models import FieldLock
from reconcile.shows.archive_file import dumped
from reconcile.shows.models import MasterShow

TABLE = "reconcile.mastershow"  # by which locks name it
ROWS = 500  # of a statement and of a commit
_FIELDS = {field.attname: str(field.column) for field in MasterShow._meta.concrete_fields}
COLUMNS = tuple(_FIELDS.values())
_INSTANTS = ("show_time", "created_at", "updated_at", "missing_since")
_LOCK = ("field", "mode", "until", "feed_value", "by", "at", "why")
LOCKS = "locks"


def lines_of(ids: Sequence[int]) -> dict[int, str]:
    """The rows of these ids that are there, by id; at most ROWS ids."""
    locks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    kept = _locks_of(ids) if field_locks.are_there(TABLE) else FieldLock.objects.none()
    for row, *values in kept.order_by("field").values_list("row", *_LOCK):
        told = map(_told, values)
        locks[row].append(dict(zip(_LOCK, told, strict=True)))
    found = {}
    for values in MasterShow.objects.filter(pk__in=list(ids)).values_list(*_FIELDS):
        line: dict[str, object] = dict(zip(COLUMNS, map(_told, values), strict=True))
        if str(line["id"]) in locks:
            line[LOCKS] = locks[str(line["id"])]
        found[values[0]] = dumped(line)
    return found


def row_of(text: str) -> tuple[MasterShow, list[FieldLock]]:
    """Raises ValueError, KeyError and TypeError for what is no such line."""
    line = json.loads(text)
    values = {name: line[column] for name, column in _FIELDS.items()}
    for name in _INSTANTS:
        values[name] = _instant(values[name])
    locks = [
        FieldLock(
            **{**each, "until": _instant(each["until"]), "at": _instant(each["at"])},
            table=TABLE,
            row=str(values["id"]),
        )
        for each in line.get(LOCKS, ())
    ]
    return MasterShow(**values), locks


def forget(ids: Sequence[int]) -> None:
    """Remove rows and their locks."""
    if field_locks.are_there(TABLE):
        _locks_of(ids).delete()
    MasterShow.objects.filter(pk__in=list(ids)).delete()


def _locks_of(ids: Sequence[int]) -> QuerySet[FieldLock]:
    return FieldLock.objects.filter(table=TABLE, row__in=[str(pk) for pk in ids])


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _instant(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
