"""TMDB's daily export of ids: its name, its download, its lines."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from django.conf import settings

from popflix.lib.bulk.source import BrokenSource, open_source
from popflix.lib.errors import OperatorError
from sync.tmdb.payloads import TmdbId

_KINDS = {"movie": "movie_ids", "tv": "tv_series_ids"}
_NAME = re.compile(r"(movie_ids|tv_series_ids)_(\d\d)_(\d\d)_(\d{4})\.json(\.gz)?")
_KEPT = 6  # exports in the folder, the newest


class ExportLine(msgspec.Struct, frozen=True, gc=False):
    id: TmdbId
    adult: bool | None = None  # absent of series, and in old files


_DECODER = msgspec.json.Decoder(ExportLine)


@dataclass(frozen=True, slots=True)
class BadLine:
    why: str


@dataclass(frozen=True, slots=True)
class Export:
    """Files of ids on this host, read one after the other; `name` is TMDB's, of the first."""

    name: str
    paths: tuple[Path, ...]

    @property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        for path in self.paths:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def lines(self) -> Iterator[tuple[int, ExportLine | BadLine]]:
        """The lines with their numbers from 0 on. Raises OperatorError for a damaged file."""
        return enumerate(line for path in self.paths for line in _lines(path))

    def ids(self, *, include_adult: bool = True) -> Iterator[int]:
        """Those of the lines that can be read; one may come twice."""
        for _, line in self.lines():
            if isinstance(line, ExportLine) and (include_adult or not line.adult):
                yield line.id


def _lines(path: Path) -> Iterator[ExportLine | BadLine]:
    count, rest = 0, b""
    try:
        with open_source(str(path)) as source:
            for piece in source.pieces():
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield _parsed(line)
                    count += 1
    except BrokenSource as broken:
        raise OperatorError(
            f"{path.name} cannot be read behind line {count}: {broken}.",
            f"Delete {path}; the next run downloads it again.",
        ) from None
    if rest.strip():
        yield _parsed(rest)


def _parsed(line: bytes) -> ExportLine | BadLine:
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return BadLine(str(error))


def export_name(media_type: str, day: dt.date) -> str:
    return f"{_KINDS[media_type]}_{day:%m_%d_%Y}.json.gz"


def fetch_newest(media_type: str, today: dt.date, *, include_adult: bool = False) -> Export:
    """Today's export, or yesterday's where it is not there yet. Raises OperatorError."""
    yesterday = today - dt.timedelta(days=1)
    try:
        return fetch_export(export_name(media_type, today), include_adult=include_adult)
    except OperatorError:
        return fetch_export(export_name(media_type, yesterday), include_adult=include_adult)


def fetch_export(name: str, *, include_adult: bool = False) -> Export:
    """The export of this name, downloaded where it is not on this host yet.

    TMDB has a file of its own for what it files as adult. Raises OperatorError where a file
    cannot be had; it appears whole or not at all.
    """
    names = (name, f"adult_{name}") if include_adult else (name,)
    return Export(name, tuple(_at_hand(each) for each in names))


def _at_hand(name: str) -> Path:
    path = Path(settings.POPFLIX_VAR) / "exports" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(f"{settings.TMDB_EXPORT_URL}/{name}", path)
        _clean(path.parent)
    return path


def open_export(where: str) -> Export:
    """An operator's own file. Raises OperatorError where it is not there."""
    path = Path(where)
    if not path.is_file():
        raise OperatorError(
            f"{where} is no file.", "Give the path of an export that you downloaded."
        )
    return Export(path.name, (path,))


def media_type_of(name: str) -> str | None:
    """What an export of TMDB's own naming is of."""
    match = _NAME.fullmatch(name)
    return None if match is None else {kind: key for key, kind in _KINDS.items()}[match[1]]


def _download(address: str, path: Path) -> None:
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file, open_source(address) as source:
            while piece := source.stream.read(1 << 17):
                file.write(piece)
                source.position += len(piece)
            if source.size not in (None, source.position):
                raise OperatorError(
                    f"{path.name} ended after {source.position:,} of {source.size:,} bytes.",
                    "Try again; a download that breaks off leaves nothing behind.",
                )
        Path(part).replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(part).unlink()


def _clean(folder: Path) -> None:
    newest = sorted(folder.glob("*.json.gz"), key=lambda path: path.stat().st_mtime)
    for path in newest[:-_KEPT]:
        path.unlink(missing_ok=True)
