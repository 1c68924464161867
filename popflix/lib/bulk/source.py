"""A file, an address or standard input as a stream of bytes, unpacked on the way."""

from __future__ import annotations

import contextlib
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

import requests
import urllib3

from popflix.lib.errors import OperatorError

PIECE_BYTES = 1 << 16  # unpacked: a few hundred lines, which stay in the processor's cache
_READ_BYTES = 1 << 17
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 31  # zlib's word for gzip with the largest window, checksum verified


class BrokenSource(Exception):  # noqa: N818 - the caller makes the operator's error of it
    """The stream ended or went bad in the middle; the text is part of a sentence."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass
class Source:
    """An open stream under a name that may be shown.

    `size` is its length in bytes as stored, where known; `position` counts those read so far.
    """

    name: str
    size: int | None
    stream: _Readable
    position: int = 0

    def pieces(self, size: int = PIECE_BYTES) -> Iterator[bytes]:
        """Yield the content, unpacked where it is gzip. Raises BrokenSource."""
        first = self._read()
        rest = self._stored(first)
        return _gunzip(rest, size) if first.startswith(_GZIP_MAGIC) else rest

    def _stored(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            yield piece
            piece = self._read()

    def _read(self) -> bytes:
        try:
            piece = self.stream.read(_READ_BYTES)
        except (OSError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # The text of a network error holds the address, and an address may hold a secret.
            raise BrokenSource(f"reading it failed ({type(error).__name__})") from None
        self.position += len(piece)
        return piece


def _gunzip(stored: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Unpack one or several gzip members that follow each other, at most `size` bytes a piece."""
    member = zlib.decompressobj(_GZIP_FORMAT)
    for packed in stored:
        more = True
        while more:
            if member.eof:
                packed = packed.lstrip(b"\0")  # padding between members, as tapes have it
                if not packed:
                    break
                member = zlib.decompressobj(_GZIP_FORMAT)
            try:
                piece = member.decompress(packed, size)
            except zlib.error:
                raise BrokenSource("its compressed data are damaged") from None
            if piece:
                yield piece
            packed = member.unused_data if member.eof else member.unconsumed_tail
            more = bool(packed) or len(piece) == size  # a full piece: zlib may hold the next one
    if not member.eof:
        raise BrokenSource("its compressed data end in the middle")


@contextlib.contextmanager
def open_source(where: str) -> Iterator[Source]:
    """Open a path, an http(s) address or `-` for standard input.

    Raises OperatorError with a sentence for what is not there; never shows an address's query.
    """
    if where == "-":
        yield Source("standard input", None, sys.stdin.buffer)
    elif where.startswith(("http://", "https://")):
        with _open_address(where) as source:
            yield source
    else:
        with _open_file(Path(where)) as stream:
            yield Source(Path(where).name, Path(where).stat().st_size or None, stream)


def _open_file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be read ({error.strerror}).",
            "Give the path of a file, an http(s) address, or - for standard input.",
        ) from None


@contextlib.contextmanager
def _open_address(address: str) -> Iterator[Source]:
    name = Path(urlsplit(address).path).name or urlsplit(address).hostname or "download"
    try:
        response = requests.get(
            address,
            stream=True,
            timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            headers={"Accept-Encoding": "identity"},  # a file's own gzip is kept for `pieces`
        )
    except (requests.RequestException, ValueError) as error:
        raise _unreachable(address, type(error).__name__) from None
    with response:
        if response.status_code != 200:
            raise _unreachable(address, f"HTTP status {response.status_code}")
        length = response.headers.get("Content-Length", "")
        yield Source(name, int(length) if length.isdigit() else None, _Body(response))


@dataclass(frozen=True)
class _Body:
    """A response's bytes as they were sent; a body shorter than announced is an error."""

    response: requests.Response

    def read(self, size: int, /) -> bytes:
        piece: bytes = self.response.raw.read(size, decode_content=False)
        return piece


def _unreachable(address: str, why: str) -> OperatorError:
    parts = urlsplit(address)
    place = parts.netloc.rpartition("@")[2]  # no name, no password
    return OperatorError(
        f"{parts.scheme}://{place}{parts.path} cannot be downloaded ({why}).",
        "Check the address and the network, or download the file yourself and give its path.",
    )
