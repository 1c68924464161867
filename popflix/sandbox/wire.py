"""The little of HTTP/1.1 that the sandbox speaks: request heads in, whole responses out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from popflix.sandbox.answers import Answer

LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 1024 * 1024


class MalformedRequestError(Exception):
    """Not HTTP as the sandbox understands it: answered by 400 and a closed connection."""


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers that matter here; `close` is the client's wish to end the connection."""

    authorization: str
    content_length: int
    close: bool
    gzip: bool = False  # the client takes it


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: bytes  # path and query as they came; may hold a key, so it is never shown
    headers: Headers


def parse_head(head: bytes) -> Request:
    """Read request line and headers, without the empty line that ends them.

    Raises MalformedRequestError, which says nothing of the request itself.
    """
    line, _, rest = head.partition(b"\r\n")
    parts = line.split(b" ")
    if len(parts) != 3 or not parts[1].startswith(b"/") or not parts[2].startswith(b"HTTP/1."):
        raise MalformedRequestError
    return Request(parts[0].decode("latin-1"), parts[1], _headers(rest, parts[2] == b"HTTP/1.0"))


@lru_cache(maxsize=256)  # a client sends the same block again and again
def _headers(block: bytes, old_version: bool) -> Headers:
    fields: dict[bytes, str] = {}
    for line in block.split(b"\r\n") if block else ():
        name, separator, value = line.partition(b":")
        if not separator:
            raise MalformedRequestError
        fields[name.strip().lower()] = value.strip().decode("latin-1")
    length = fields.get(b"content-length", "0")
    if b"transfer-encoding" in fields or not (length.isascii() and length.isdigit()):
        raise MalformedRequestError
    if int(length) > LONGEST_BODY:
        raise MalformedRequestError
    connection = fields.get(b"connection", "").lower()
    close = connection == "close" or (old_version and connection != "keep-alive")
    gzip = "gzip" in fields.get(b"accept-encoding", "").lower()
    return Headers(fields.get(b"authorization", ""), int(length), close, gzip)


def response(answer: Answer, *, close: bool = False, **headers: str) -> bytes:
    """The whole response; `headers` are added, with `_` for `-` in their names."""
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        "Server: popflix-sandbox",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer.body
