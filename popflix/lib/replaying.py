"""Rows in quarantine that are taken after all: mended by an operator, or fine by now.

    register("title.basics", replayer)      the app whose import put them there, in its units.py
    register_each("show feed", replayer_of) where each source has rules of its own

A row that was taken or discarded leaves the table: what stands there waits for a person, and the
next import of its file would replace it anyway. What it was, and what became of it, is kept by
the audit trail.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from popflix.lib.models import QuarantinedRow
from popflix.lib.redact import redact

ROWS_A_COMMIT = 200
_RAW_IN_AUDIT = 500  # characters of each of many discarded rows that the audit trail keeps
# What `quarantine` writes for what it could not keep: bytes, NUL, the end of a very long row.
_DAMAGE = re.compile(r"\\x[0-9a-f]{2}|\\0|… \(\d+ characters in all\)\Z")
Actor = AbstractBaseUser | AnonymousUser | str


@dataclass(frozen=True)
class Cell:
    """A field of a row: its text, and what would be read of it, or why nothing can be."""

    name: str
    text: str
    value: str = ""
    fault: str = ""
    is_missing: bool = False  # the row has no such field


@dataclass(frozen=True)
class Reading:
    """A row as its app would read it. `stored` is what the table holds under its key now."""

    cells: Sequence[Cell]
    key: str = ""
    stored: Mapping[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> int:
        return sum(bool(cell.fault) for cell in self.cells)


@dataclass(frozen=True)
class Took:
    """What became of rows: why some were refused, by number, and the others in words."""

    refused: Mapping[int, str]
    words: str = ""


class Replayer(Protocol):
    """How an app reads and takes rows of one kind of file, by the rules of its import."""

    @property
    def title(self) -> str: ...

    def read(self, raw: str) -> Reading: ...

    def joined(self, texts: Sequence[str]) -> str:
        """The row of these fields; fields that are too many and empty are left out."""

    def take(self, rows: Mapping[int, str], now: dt.datetime) -> Took:
        """Write the rows that can be taken, in the caller's transaction; keys are rows' ids.

        Raises OperatorError, nothing written, where now is not the time.
        """


_replayers: dict[str, Replayer] = {}
_makers: dict[str, Callable[[str], Replayer]] = {}


def register(reader: str, replayer: Replayer) -> None:
    """`reader` is what the import calls the kind of file. Raises ValueError for one taken."""
    if reader in _replayers or reader in _makers:
        raise ValueError(f"the reader {reader} of quarantined rows is registered twice")
    _replayers[reader] = replayer


def register_each(reader: str, make: Callable[[str], Replayer]) -> None:
    """`make` gives the replayer of one source, the same one each time. Raises ValueError."""
    if reader in _replayers or reader in _makers:
        raise ValueError(f"the reader {reader} of quarantined rows is registered twice")
    _makers[reader] = make


def forget(reader: str) -> None:
    """Undo `register`."""
    del _replayers[reader]


def replayer_of(row: QuarantinedRow) -> Replayer | None:
    """Who can take it; rows that name no reader are told by their file's name."""
    if row.reader in _makers:
        return _makers[row.reader](row.source)
    if row.reader:
        return _replayers.get(row.reader)
    return next((each for name, each in _replayers.items() if row.source.startswith(name)), None)


def damage_of(text: str) -> str:
    """What is not as the file had it, where quarantine could not keep it; else empty."""
    found = _DAMAGE.search(text)
    return found.group() if found else ""


# --- one row ------------------------------------------------------------------------------------


def take_one(row_id: int, raw: str, *, by: Actor, now: dt.datetime, why: str = "") -> str:
    """Take the row as `raw` says it. Returns what became of it, in words.

    Raises OperatorError, and changes nothing, where it cannot be taken or is gone.
    """

    def take() -> str:
        with transaction.atomic():
            row = QuarantinedRow.objects.select_for_update().filter(pk=row_id).first()
            if row is None:
                raise OperatorError("The row is gone.", "Somebody took or discarded it meanwhile.")
            took = _replayer(row).take({row.pk: raw}, now)
            if took.refused:
                reason = took.refused[row.pk]
                raise OperatorError(f"It cannot be taken: {reason}.", "Mend it, or discard it.")
            row.delete()
            _tell_taken(by, row, raw, why, now)
        return took.words

    return again_when_locked(take)


def _replayer(row: QuarantinedRow) -> Replayer:
    found = replayer_of(row)
    if found is None:
        raise OperatorError(
            f"Nobody here takes rows of {row.source}.", "Mend the file and import it again."
        )
    return found


def _tell_taken(by: Actor, row: QuarantinedRow, raw: str, why: str, now: dt.datetime) -> None:
    details = {"reason": row.reason, "before": row.raw, "after": raw}
    action = "replay quarantined row" if raw == row.raw else "mend quarantined row"
    audit.record(by, action, at=now, target=name_of(row), why=redact(why), details=details)


def name_of(row: QuarantinedRow) -> str:
    return f"{row.source}:{row.line}"


# --- many rows ----------------------------------------------------------------------------------


@dataclass
class Replayed:
    """How many rows were taken, and of those that were left the reasons with their counts."""

    taken: int = 0
    left: Counter[str] = field(default_factory=Counter)


def replay(ids: Collection[int], *, by: Actor, why: str, now: dt.datetime) -> Replayed:
    """Take the rows that can be read by now, as they are; the others stay. Audited by chunk."""
    told = Replayed()
    for some in chunk(sorted(ids), ROWS_A_COMMIT):
        taken, left = again_when_locked(partial(_replay, some, by, why, now))
        told.taken += taken
        told.left.update(left)
    return told


def _replay(ids: Sequence[int], by: Actor, why: str, now: dt.datetime) -> tuple[int, Counter[str]]:
    taken: list[QuarantinedRow] = []
    left: Counter[str] = Counter()
    with transaction.atomic():
        by_replayer: dict[int, list[QuarantinedRow]] = defaultdict(list)
        replayers: dict[int, Replayer] = {}
        for row in QuarantinedRow.objects.select_for_update().filter(pk__in=ids).order_by("pk"):
            replayer = replayer_of(row)
            if replayer is None:
                left[f"nobody here takes rows of {row.source}"] += 1
                continue
            replayers[id(replayer)] = replayer
            by_replayer[id(replayer)].append(row)
        for key, rows in by_replayer.items():
            try:
                refused = replayers[key].take({row.pk: row.raw for row in rows}, now).refused
            except OperatorError as error:  # raised before a row was written
                refused = dict.fromkeys((row.pk for row in rows), error.cause)
            left.update(refused.values())
            taken += [row for row in rows if row.pk not in refused]
        _settle(taken, "replay quarantined rows", by, why, now)
    return len(taken), left


def discard(ids: Collection[int], *, by: Actor, why: str, now: dt.datetime) -> int:
    """Remove the rows; nothing is written of them but the audit trail. Returns how many.

    Raises OperatorError without a reason.
    """
    if not why.strip():
        raise OperatorError("Discarding needs a reason.", "Say why, for whoever asks later.")
    return sum(
        again_when_locked(partial(_discard, some, by, why, now))
        for some in chunk(sorted(ids), ROWS_A_COMMIT)
    )


def _discard(ids: Sequence[int], by: Actor, why: str, now: dt.datetime) -> int:
    with transaction.atomic():
        rows = list(QuarantinedRow.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        _settle(rows, "discard quarantined rows", by, why, now)
    return len(rows)


def _settle(
    rows: Sequence[QuarantinedRow], action: str, by: Actor, why: str, now: dt.datetime
) -> None:
    if not rows:
        return
    QuarantinedRow.objects.filter(pk__in=[row.pk for row in rows]).delete()
    kept = [
        {"row": name_of(row), "reason": row.reason, "raw": row.raw[:_RAW_IN_AUDIT]} for row in rows
    ]
    target = name_of(rows[0]) + (f" and {len(rows) - 1} more" if len(rows) > 1 else "")
    audit.record(
        by, action, at=now, target=target, count=len(rows), why=redact(why), details={"rows": kept}
    )
