"""A short name for what a row says: the same values give the same, on every machine. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from operator import attrgetter

from reconcile.changes.types import COMPARED, KEY, Row

_values = attrgetter(*KEY, *COMPARED)


def _instant(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat()


# Made once: `json.dumps` makes another one for each row, which takes most of the time.
_encode = json.JSONEncoder(default=_instant, separators=(",", ":")).encode


def fingerprint(row: Row) -> str:
    """64 hex digits over key and compared fields. Null is not "", and no letter equals another."""
    return hashlib.sha256(_encode(_values(row)).encode("ascii")).hexdigest()
