"""Dead letters as a file: CSV for spreadsheets, JSON lines for programs."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from popflix.engine.deadletters.letters import Wanted
from popflix.engine.deadletters.selecting import meant, pages
from popflix.lib.cells import neutral
from popflix.lib.errors import OperatorError, UsageError

COLUMNS = ("source", "unit", "kind", "group", "key", "given_up_at", "error")
_PAGE = 500


def require_form(path: Path) -> None:
    """Raises UsageError for a file whose ending says neither form."""
    if path.suffix not in (".csv", ".jsonl"):
        raise UsageError(
            f"{path.name} ends in neither .csv nor .jsonl.", "Name the file after its form."
        )


def export(wanted: Wanted, path: Path) -> int:
    """Write the letters that are meant; the file is there whole or not at all.

    Returns how many they are. Raises OperatorError where the file cannot be written.
    """
    require_form(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            count = _write(file, wanted, as_csv=path.suffix == ".csv")
        partial.replace(path)
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written ({error.strerror}).", "Name a file that can be written."
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write(file: TextIO, wanted: Wanted, *, as_csv: bool) -> int:
    count = 0
    table = csv.writer(file)
    if as_csv:
        table.writerow(COLUMNS)
    for row in _rows(wanted):
        if as_csv:
            table.writerow([neutral(value) for value in row])
        else:
            file.write(f"{json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False)}\n")
        count += 1
    return count


def _rows(wanted: Wanted) -> Iterator[tuple[str, ...]]:
    for source, group in meant(wanted):
        for page in pages(source, group, size=_PAGE):
            for letter in page:
                at = letter.at.isoformat()
                yield (
                    source.name,
                    group.unit,
                    letter.kind,
                    group.id,
                    letter.key,
                    at,
                    letter.error,
                )
