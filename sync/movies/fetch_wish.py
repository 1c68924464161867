"""Which ids a command means: as arguments, or in a file with one a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from popflix.lib.errors import OperatorError, UsageError

MOST_ID = 2_147_483_647
_HOW = "TMDB's ids are whole numbers such as 603."


def ids_of(given: Iterable[object], file: Path | None = None) -> list[int]:
    """In their order, each once. Raises OperatorError naming what is none."""
    found = [_number(str(each), "") for each in given]
    if file is not None:
        found += _in_file(file)
    return list(dict.fromkeys(found))


def require_ids(given: Sequence[object], file: Path | None = None) -> list[int]:
    """The same; raises UsageError where there is none."""
    found = ids_of(given, file)
    if not found:
        raise UsageError("No id is named.", "Give TMDB's ids, or a file of them.")
    return found


def _in_file(file: Path) -> list[int]:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise OperatorError(
            f"{file} cannot be read: {error.strerror}.", "Name a file with one id a line."
        ) from None
    stripped = ((at, line.partition("#")[0].strip()) for at, line in enumerate(lines, 1))
    return [_number(text, f" (line {at} of {file.name})") for at, text in stripped if text]


def _number(text: str, where: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= MOST_ID:
        return int(text)
    raise OperatorError(f"{text[:40]!r}{where} is no id of TMDB's.", _HOW)
