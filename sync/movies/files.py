"""Bodies in a folder: written under their hash, found by a manifest, checked on reading.

    DIR/manifest.jsonl              one line per answer; of an id the last one counts
    DIR/bodies/ab/ab12….json        the bytes as they were received, named by their SHA-256

A body is whole before its line is written, so a kill leaves at most a body that no line names or
a last line that is cut; both are harmless. What is read may also be a ZIP of such a folder, or a
folder or a ZIP of bodies alone, one JSON file each.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, MsgspecError, Struct
from msgspec.json import Decoder

from sync.movies.archives import Archive, Damage, open_archive
from sync.movies.bodies import digest

MANIFEST = "manifest.jsonl"
_HERE = PurePosixPath()
_MOST_MANIFEST_BYTES = 1_000_000_000  # the whole catalogue's has a quarter
Key = tuple[str, int]


class Line(NamedTuple):
    """One line of the manifest."""

    media_type: str
    tmdb_id: int
    sha256: str
    size: int
    fetched_at: dt.datetime

    @property
    def key(self) -> Key:
        return self.media_type, self.tmdb_id

    @property
    def path(self) -> str:
        """Of the body, beside the manifest."""
        return f"bodies/{self.sha256[:2]}/{self.sha256}.json"

    def as_json(self) -> str:
        return json.dumps({**self._asdict(), "fetched_at": self.fetched_at.isoformat()})


class FoundBody(NamedTuple):
    """A whole body. Of a file that no manifest names only the name is known."""

    name: str
    body: bytes
    media_type: str | None = None
    tmdb_id: int | None = None
    fetched_at: dt.datetime | None = None
    sha256: str = ""


class Damaged(NamedTuple):
    """A file, or a line of the manifest, that cannot be taken; `why` ends a sentence."""

    name: str
    why: str


class _Line(Struct, frozen=True, gc=False):
    """As it is written."""

    media_type: Literal["movie", "tv"]
    tmdb_id: int
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    size: int
    fetched_at: Annotated[dt.datetime, Meta(tz=True)]


_LINES = Decoder(_Line)


@dataclass(frozen=True)
class Manifest:
    """Where in the archive it is, its lines by id, and those that are none."""

    folder: PurePosixPath
    lines: Mapping[Key, Line]
    damaged: tuple[Damaged, ...]


def read_bodies(path: Path, *, skip: int = 0) -> Iterator[FoundBody | Damaged]:
    """All bodies of a folder or a ZIP, each checked against the manifest where there is one.

    The first `skip` of them are not read. Raises OperatorError where `path` is neither.
    """
    with open_archive(path) as archive:
        names = _names(archive)
        manifest = _manifest_of(archive, names)
        if manifest is None:
            bodies = islice(filter(_is_body, names), skip, None)
            yield from (_plain(archive, name) for name in bodies)
            return
        listed: Iterator[Damaged | Line] = chain(manifest.damaged, manifest.lines.values())
        prefix = "" if manifest.folder == _HERE else f"{manifest.folder}/"
        for each in islice(listed, skip, None):
            if isinstance(each, Damaged):
                yield each
            else:
                yield _named(archive, prefix + each.path, each)


def count_bodies(path: Path) -> int:
    """How many bodies `read_bodies` will look for, without reading them."""
    with open_archive(path) as archive:
        names = _names(archive)
        manifest = _manifest_of(archive, names)
        return len(manifest.lines) if manifest else sum(map(_is_body, names))


def _names(archive: Archive) -> list[str]:
    """A manifest at the top names all the others itself."""
    return [MANIFEST] if archive.has(MANIFEST) else archive.names()


def _manifest_of(archive: Archive, names: list[str]) -> Manifest | None:
    """The manifest nearest to the top: a ZIP often has its folder's name before everything."""
    found = [name for name in names if PurePosixPath(name).name == MANIFEST]
    if not found:
        return None
    name = min(found, key=lambda name: (name.count("/"), name))
    folder = PurePosixPath(name).parent
    try:
        text = archive.read(name, _MOST_MANIFEST_BYTES)
    except Damage as damage:
        return Manifest(folder, {}, (Damaged(name, str(damage)),))
    return parse_manifest(text, name, folder)


def parse_manifest(text: bytes, name: str = MANIFEST, folder: PurePosixPath = _HERE) -> Manifest:
    """Of an id the last line counts; a last line that was cut is left out."""
    lines: dict[Key, Line] = {}
    damaged = []
    *whole, rest = text.split(b"\n")
    for number, raw in enumerate([*whole, rest], 1):
        try:
            line = _line(raw)
        except (ValueError, MsgspecError) as error:
            if number <= len(whole):
                why = f"is no line of a manifest: {error}"
                damaged.append(Damaged(f"{name} line {number}", why))
        else:
            lines.pop(line.key, None)  # so that the order is that of the last lines
            lines[line.key] = line
    return Manifest(folder, lines, tuple(damaged))


def _line(raw: bytes) -> Line:
    said = _LINES.decode(raw)
    return Line(said.media_type, said.tmdb_id, said.sha256, said.size, said.fetched_at)


def _is_body(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() == ".json" and not hidden


def _plain(archive: Archive, name: str) -> FoundBody | Damaged:
    try:
        return FoundBody(name, archive.read(name))
    except Damage as damage:
        return Damaged(name, str(damage))


def _named(archive: Archive, name: str, line: Line) -> FoundBody | Damaged:
    found = _plain(archive, name)
    if isinstance(found, Damaged):
        return found._replace(why=f"{found.why} ({line.media_type} {line.tmdb_id})")
    sha256 = digest(found.body)
    if len(found.body) != line.size or sha256 != line.sha256:
        why = f"is not what the manifest says of it ({line.media_type} {line.tmdb_id})"
        return Damaged(name, why)
    return FoundBody(name, found.body, *line.key, line.fetched_at, sha256)


def write_body(folder: Path, line: Line, body: bytes) -> None:
    """The body under its name, whole or not at all; one that is there already stays."""
    path = folder / line.path
    if path.exists() and path.read_bytes() == body:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    unfinished.write_bytes(body)
    unfinished.replace(path)
