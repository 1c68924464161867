"""A folder or a ZIP as named files that can be read; a ZIP is never unpacked to the disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Protocol

from popflix.lib.errors import OperatorError

MOST_BYTES = 16_000_000  # of one file: twice what TMDB's client lets through


class Damage(Exception):  # noqa: N818 - of one file; the others go on
    """Why a file cannot be read, as the end of a sentence."""


class Archive(Protocol):
    def names(self) -> list[str]:
        """All files, with `/` between folders, in a steady order."""

    def has(self, name: str) -> bool:
        """Whether there is such a file; cheaper than to list them all."""

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        """Raises Damage."""

    def close(self) -> None: ...


class Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._prefix = f"{root}/"  # a path is joined in a fifth of pathlib's time

    def names(self) -> list[str]:
        found = (path.relative_to(self._root) for path in self._root.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in found)

    def has(self, name: str) -> bool:
        return (self._root / name).is_file()

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        try:
            with open(self._prefix + name, "rb", buffering=0) as file:  # noqa: PTH123 - fast
                return _checked(_read_all(file, most + 1), most)
        except FileNotFoundError:
            raise Damage("is not there") from None
        except OSError as error:
            raise Damage(f"cannot be read: {error.strerror}") from None

    def close(self) -> None:
        """Nothing is open."""


class Zip:
    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return sorted(info.filename for info in self._zip.infolist() if not info.is_dir())

    def has(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str, most: int = MOST_BYTES) -> bytes:
        try:
            with self._zip.open(name) as file:
                return _checked(file.read(most + 1), most)  # whatever size its header claims
        except KeyError:
            raise Damage("is not there") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise Damage(f"is damaged: {error}") from None
        except RuntimeError:
            raise Damage("is encrypted") from None

    def close(self) -> None:
        self._zip.close()


def _read_all(file: IO[bytes], most: int) -> bytes:
    """At most so many bytes of a file without a buffer, of which one read may give a part."""
    body = file.read(most)
    while 0 < len(body) < most and (more := file.read(most - len(body))):
        body += more
    return body


def _checked(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise Damage(f"has more than {most:,} bytes")
    return body


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Raises OperatorError where there is neither a folder nor a ZIP."""
    if path.is_dir():
        archive: Archive = Folder(path)
    elif not path.exists():
        raise OperatorError(
            f"There is no {path}.", "Name a folder or a ZIP of bodies that fetch_movies wrote."
        )
    else:
        try:
            archive = Zip(path)
        except (zipfile.BadZipFile, OSError):
            raise OperatorError(
                f"{path} is neither a folder nor a whole ZIP.",
                "Name a folder or a ZIP of bodies, one JSON file each.",
            ) from None
    with closing(archive):
        yield archive
