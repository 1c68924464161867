"""What differs between a staged row and its master row. Pure.

Text is compared letter by letter: HINDI is not Hindi, é is not e, "AUDI 2" is not "AUDI 2 ", and
null is not "". Databases are told to compare likewise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconcile.changes.types import COMPARED, KEY, Row

Value = str | int | dt.datetime | None
Told = str | int | None  # as JSON keeps it
ALL = (*KEY, *COMPARED)


@dataclass(frozen=True, slots=True)
class Difference:
    before: Value
    after: Value


def changed(
    staged: Row, master: Row, fields: Sequence[str] = COMPARED
) -> Mapping[str, Difference]:
    """The fields that differ, in the order of `fields`; `before` is master's."""
    found = {}
    for name in fields:
        before, after = getattr(master, name), getattr(staged, name)
        if before != after:
            found[name] = Difference(before, after)
    return found


def told(row: Row, fields: Sequence[str] = ALL) -> dict[str, Told]:
    """The values as JSON keeps them; instants in UTC."""
    return {name: _told(getattr(row, name)) for name in fields}


def before_after(found: Mapping[str, Difference]) -> tuple[dict[str, Told], dict[str, Told]]:
    """Differences as two JSON objects, as a change keeps them."""
    before = {name: _told(each.before) for name, each in found.items()}
    return before, {name: _told(each.after) for name, each in found.items()}


def _told(value: Value) -> Told:
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else value
