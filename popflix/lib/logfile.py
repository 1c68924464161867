"""A log file that several processes write and rotate together."""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from pathlib import Path


class SharedRotatingHandler(logging.Handler):
    """Appends each record with one write; rotates under a lock file; follows others' rotations.

    `path` becomes `path.1` … `path.<backups>` once it holds `max_bytes`. A folder that cannot
    be written costs the file, not the command: stderr is told once.
    """

    def __init__(self, path: Path, max_bytes: int = 10_000_000, backups: int = 5) -> None:
        super().__init__()
        self._path = Path(path)
        self._max_bytes = max_bytes
        self._backups = backups
        self._file = -1
        self._identity = (0, 0)
        self._failed = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        except Exception:
            self.handleError(record)
            return
        try:
            self._append(line)
        except OSError as error:
            self._complain(error)

    def close(self) -> None:
        self.acquire()
        try:
            self._close_file()
        finally:
            self.release()
        super().close()

    def _append(self, line: bytes) -> None:
        size = self._follow()
        if size and size + len(line) > self._max_bytes:
            self._rotate(len(line))
            self._follow()
        # O_APPEND and a single write: lines of several processes never mix.
        os.write(self._file, line)

    def _follow(self) -> int:
        """Have the file open that the path names now, and return its size."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._identity:
            self._close_file()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            found = os.fstat(self._file)
            self._identity = (found.st_dev, found.st_ino)
        return found.st_size

    def _rotate(self, coming: int) -> None:
        lock = os.open(f"{self._path}.lock", os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever waited for the lock finds that the holder has rotated already.
            if self._path.exists() and self._path.stat().st_size + coming > self._max_bytes:
                for number in range(self._backups - 1, 0, -1):
                    _move(self._backup(number), self._backup(number + 1))
                _move(self._path, self._backup(1))
        finally:
            os.close(lock)

    def _backup(self, number: int) -> Path:
        return Path(f"{self._path}.{number}")

    def _close_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file, self._identity = -1, (0, 0)

    def _complain(self, error: OSError) -> None:
        if not self._failed:
            self._failed = True
            sys.stderr.write(
                f"The log file {self._path} cannot be written ({error.strerror}); "
                "the log goes to the console only.\n"
            )


def _move(source: Path, target: Path) -> None:
    if source.exists():
        source.replace(target)
