"""A short name for what a row says: the same values give the same, on every machine. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from operator import attrgetter

from reconcile.changes.types import COMPARED, KEY, Row

_values = attrgetter(*KEY, *COMPARED)


def fingerprint(row: Row) -> str:
    """64 hex digits over key and compared fields. Null is not "", and no letter equals another."""
    told = json.dumps(_values(row), default=_instant, separators=(",", ":"))
    return hashlib.sha256(told.encode("ascii")).hexdigest()


def _instant(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat()
