"""Archives of shows: packed lines of JSON, whole or refused.

    {"format": …, "columns": […], "made_at": …, "count": null}      the header; nobody knows yet
    {"id": 7, "movieID": "F1", …, "locks": […]}                     a row
    {"count": 1, "sha256": …}                                       the footer: of all lines before

A file lies under its name only once it is whole and on the disk.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from popflix.lib.errors import OperatorError

FORMAT = "popflix shows 1"
PART = ".part"
_LONGEST_LINE = 1 << 20
_LEVEL = 6
# Made once: `json.dumps` makes another one for each row.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BROKEN = (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError)


class DamagedError(OperatorError):
    """What is no whole archive of shows."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is no whole archive of shows: {why}.",
            "Give another copy of it; nothing was changed for it.",
        )


def dumped(told: Mapping[str, object]) -> str:
    """The same text for the same values: rows are compared by it."""
    return _encode(told)


# --- writing ------------------------------------------------------------------------------------


def write(path: Path, columns: Sequence[str], made_at: str, rows: Iterable[str]) -> int:
    """Write rows, each the text of a line; how many there were. Without any there is no file.

    Raises OperatorError where the disk refuses it, and leaves nothing behind then.
    """
    part = path.with_name(path.name + PART)
    try:
        count = _write(part, columns, made_at, rows)
        if count:
            move(part, path)
        return count
    except OSError as error:
        raise OperatorError(
            f"The archive {path} cannot be written ({error.strerror or error}).",
            "Make room, or give another folder; no show was removed for it.",
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _write(part: Path, columns: Sequence[str], made_at: str, rows: Iterable[str]) -> int:
    header = {"format": FORMAT, "columns": list(columns), "made_at": made_at, "count": None}
    digest, count = hashlib.sha256(), 0
    with part.open("wb") as raw:
        with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:

            def add(text: str) -> None:
                line = f"{text}\n".encode()
                digest.update(line)
                packed.write(line)

            add(dumped(header))
            for text in rows:
                add(text)
                count += 1
            add(dumped({"count": count, "sha256": digest.hexdigest()}))
        raw.flush()
        os.fsync(raw.fileno())
    return count


def move(old: Path, new: Path) -> None:
    """Give a file its next name, for good: the folder is on the disk, too."""
    old.rename(new)
    folder = os.open(new.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# --- reading ------------------------------------------------------------------------------------


def read(path: Path) -> Iterator[str]:
    """The texts of the rows. Raises DamagedError, at the latest behind the last row."""
    try:
        with gzip.open(path, "rb") as packed:
            yield from _checked(path, _lines(path, packed))
    except FileNotFoundError:
        raise OperatorError(f"There is no file {path}.", "Correct the path.") from None
    except _BROKEN as error:
        raise DamagedError(path, str(error) or type(error).__name__) from None


def _lines(path: Path, packed: Any) -> Iterator[bytes]:
    while line := packed.readline(_LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise DamagedError(path, "it breaks off, or has a line that is too long")
        yield line


def _checked(path: Path, lines: Iterator[bytes]) -> Iterator[str]:
    first = next(lines, None)
    header = json.loads(first) if first else {}
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DamagedError(path, f"it does not begin as {FORMAT!r}")
    digest, count = hashlib.sha256(first or b""), -1
    last: bytes | None = None  # may be the footer
    for line in lines:
        if last is not None:
            digest.update(last)
            yield last.decode().rstrip("\n")
        last = line
        count += 1
    footer = json.loads(last) if last else {}
    if not isinstance(footer, dict) or footer.get("sha256") is None:
        raise DamagedError(path, "its end is missing")
    if (footer["count"], footer["sha256"]) != (max(count, 0), digest.hexdigest()):
        raise DamagedError(path, "its rows are not those that were written")


def check(path: Path) -> int:
    """Read it to its end; how many rows it has. Raises DamagedError."""
    return sum(1 for _ in read(path))
