"""A folder that bodies are fetched into: what it holds already, and one more."""

from __future__ import annotations

import datetime as dt
import fcntl
from pathlib import Path
from types import TracebackType

from popflix.lib.errors import OperatorError
from sync.movies.bodies import digest
from sync.movies.files import MANIFEST, Key, Line, parse_manifest, write_body


class BodyFolder:
    """Open for one writer at a time; `with` closes it. See `sync.movies.files` for the form.

    Raises OperatorError where the folder cannot be made or another process writes into it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._manifest = (path / MANIFEST).open("a+b")
        except OSError as error:
            raise OperatorError(
                f"{path} cannot be written: {error.strerror}.", "Name a folder of your own."
            ) from None
        try:
            fcntl.flock(self._manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._manifest.close()
            raise OperatorError(
                f"Another process is writing into {path}.", "Wait for it, or name another folder."
            ) from None
        self._manifest.seek(0)
        text = self._manifest.read()
        whole = text[: text.rfind(b"\n") + 1]
        if whole != text:  # a kill cut the last line
            self._manifest.truncate(len(whole))
        self._lines = dict(parse_manifest(whole).lines)

    def holds(self, media_type: str, tmdb_id: int) -> Line | None:
        """The line of a body that is there at its full size; reading tells whether it is whole."""
        line = self._lines.get((media_type, tmdb_id))
        if line is None:
            return None
        path = self.path / line.path
        return line if path.exists() and path.stat().st_size == line.size else None

    def holds_whole(self, media_type: str, tmdb_id: int) -> bool:
        """Whether the body is there and is what its line says, byte for byte."""
        line = self.holds(media_type, tmdb_id)
        return line is not None and digest((self.path / line.path).read_bytes()) == line.sha256

    def write(
        self, media_type: str, tmdb_id: int, body: bytes, *, fetched_at: dt.datetime
    ) -> Line:
        """Keep one body: from here on no kill loses it."""
        line = Line(media_type, tmdb_id, digest(body), len(body), fetched_at)
        write_body(self.path, line, body)
        self._manifest.write(f"{line.as_json()}\n".encode())
        self._manifest.flush()
        self._lines[line.key] = line
        return line

    @property
    def keys(self) -> set[Key]:
        return set(self._lines)

    def close(self) -> None:
        self._manifest.close()

    def __enter__(self) -> BodyFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
