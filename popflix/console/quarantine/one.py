"""One row of quarantine as its page shows it: field by field, as it was and as it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from popflix.lib import replaying
from popflix.lib.models import QuarantinedRow
from popflix.lib.replaying import Cell, Reading, Replayer


@dataclass(frozen=True)
class Field:
    """A field of the row; `was` is None where the row as it was read has none."""

    cell: Cell
    was: str | None


@dataclass(frozen=True)
class Sheet:
    """`raw` is the row as it would be taken; without a replayer it can only be looked at."""

    row: QuarantinedRow
    raw: str
    replayer: Replayer | None = None
    reading: Reading | None = None
    before: Reading | None = None  # of the row as it was read

    @property
    def name(self) -> str:
        return replaying.name_of(self.row)

    @property
    def fields(self) -> list[Field]:
        cells = self.reading.cells if self.reading else []
        was = [None if each.is_missing else each.text for each in self._before.cells]
        return [Field(cell, was[at] if at < len(was) else None) for at, cell in enumerate(cells)]

    @property
    def _before(self) -> Reading:
        return self.before or Reading([])

    @property
    def faults(self) -> int:
        """How many fields cannot be read; without a replayer all of it is one."""
        return self.reading.faults if self.reading else 1

    @property
    def faults_words(self) -> str:
        if self.reading is None:
            return "The row"
        return "1 field" if self.faults == 1 else f"{self.faults} fields"

    @property
    def changes(self) -> list[tuple[str, str | None, str | None]]:
        """What would change in what is stored under the row's key; empty where nothing is."""
        stored = self.reading.stored if self.reading else {}
        if not stored or self.reading is None:
            return []
        return [
            (cell.name, stored[cell.name], cell.value)
            for cell in self.reading.cells
            if cell.name in stored and not cell.fault
        ]

    @property
    def run_url(self) -> str:
        if self.row.run_id is None:
            return ""
        return reverse("admin:engine_run_change", args=[self.row.run_id])


def sheet(row: QuarantinedRow, sent: Sequence[str] = ()) -> Sheet:
    """The page's content: of the row as it is, or with the fields that were sent."""
    replayer = replaying.replayer_of(row)
    if replayer is None:
        return Sheet(row, row.raw)
    raw = replayer.joined(sent) if sent else row.raw
    reading = before = replayer.read(raw)
    if sent:
        before = replayer.read(row.raw)
        reading = _still_missing(reading, before)
    return Sheet(row, raw, replayer, reading, before)


def _still_missing(now: Reading, before: Reading) -> Reading:
    """A field that the row did not have is written, not left empty: nobody said that it is."""
    missing = {cell.name: cell.fault for cell in before.cells if cell.is_missing}
    cells = [
        replace(cell, fault=missing[cell.name])
        if cell.name in missing and not cell.text and not cell.fault
        else cell
        for cell in now.cells
    ]
    return replace(now, cells=cells)
