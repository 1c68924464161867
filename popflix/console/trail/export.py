"""The audit trail as a CSV file, as it is filtered, while it is being read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from popflix.lib.cells import neutral
from popflix.lib.models import AuditEntry

MOST_ROWS = 100_000
COLUMNS = ("at", "actor_name", "action", "target", "count", "why", "details")
_CHUNK = 2000


class _Line:
    """What csv writes to: hands back each line."""

    def write(self, line: str) -> str:
        return line


def as_file(entries: QuerySet[Any], name: str, most: int = MOST_ROWS) -> StreamingHttpResponse:
    """The newest `most` of the entries; a file that was cut says so in its last row."""
    answer = StreamingHttpResponse(_lines(entries, most), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(entries: QuerySet[Any], most: int) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield str(writer.writerow(COLUMNS))
    for number, entry in enumerate(entries[: most + 1].iterator(_CHUNK)):
        if number == most:
            cut = f"Only the newest {most:,} entries are in this file: filter for the others."
            yield str(writer.writerow(["", "", "", "", "", cut, ""]))
            return
        yield str(writer.writerow([neutral(cell) for cell in _cells(entry)]))


def _cells(entry: AuditEntry) -> list[str]:
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    details = details.encode(errors="replace").decode()  # JSON can hold half a letter, no file can
    return [
        entry.at.isoformat(), entry.actor_name, entry.action, entry.target, str(entry.count),
        entry.why, details,
    ]  # fmt: skip
