"""Rows that could not be taken, kept whole with their reasons until somebody looks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from popflix.lib.batches import chunk
from popflix.lib.models import QuarantinedRow

_LONGEST_RAW = 10_000  # characters; what is longer is no row but damage
_LONGEST_SOURCE = QuarantinedRow._meta.get_field("source").max_length or 0
_ROWS_A_STATEMENT = 500


@dataclass(frozen=True)
class BadRow:
    """`line` is 1-based, the header counted; `raw` the row as it was read."""

    line: int
    reason: str
    raw: str


def quarantine(
    source: str,
    rows: Sequence[BadRow],
    *,
    now: dt.datetime,
    run_id: int | None = None,
    reader: str = "",
) -> None:
    """Store the rows of one source; what was stored of the same lines before is replaced.

    `reader` names the kind of file, under which an app takes them after all (`replaying`).
    """
    name = source[-_LONGEST_SOURCE:]
    for some in chunk(rows, _ROWS_A_STATEMENT):
        stored = [
            QuarantinedRow(
                source=name,
                line=row.line,
                reason=row.reason,
                raw=_storable(row.raw),
                at=now,
                run_id=run_id,
                reader=reader,
            )
            for row in some
        ]
        with transaction.atomic():
            lines = [row.line for row in some]
            QuarantinedRow.objects.filter(source=name, line__in=lines).delete()
            QuarantinedRow.objects.bulk_create(stored)


def _storable(raw: str) -> str:
    text = raw.replace("\0", "\\0")  # PostgreSQL has no NUL in texts
    if len(text) <= _LONGEST_RAW:
        return text
    return f"{text[:_LONGEST_RAW]}… ({len(text)} characters in all)"
