"""The decoded beginning of a body, as far as it is wanted."""

from __future__ import annotations

import zlib
from typing import Any

from popflix.lib.http.wire import Cut

_CHUNK_BYTES = 16_384
_GZIP = ("gzip", "x-gzip")


def read_excerpt(raw: Any, encoding: str, most: int) -> tuple[bytes, bool]:
    """At most `most` decoded bytes, and whether these are all. `raw` is urllib3's response.

    Raises Cut for a body that ends too early or is damaged before `most` bytes are there, and
    what urllib3 and sockets raise.
    """
    encoding = encoding.strip().lower()
    unpacking = None if encoding in ("", "identity") else _unpacking(encoding)
    got, read = b"", 0
    while len(got) <= most and read <= 4 * most + _CHUNK_BYTES:
        chunk = raw.read1(_CHUNK_BYTES, decode_content=False)
        if not chunk:
            if unpacking is not None and read and not unpacking.eof:
                raise Cut("sent a cut gzip body")
            return got, True
        read += len(chunk)
        got += chunk if unpacking is None else _unpacked(unpacking, chunk, most + 1 - len(got))
    return got[:most], False


def _unpacking(encoding: str) -> Any:
    if encoding not in _GZIP:
        raise Cut("used an encoding it was not asked for")
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _unpacked(unpacking: Any, chunk: bytes, most: int) -> bytes:
    """By hand, within bounds: a small body may unpack to any size."""
    try:
        return bytes(unpacking.decompress(chunk, most))
    except zlib.error:
        raise Cut("sent a damaged gzip body") from None
