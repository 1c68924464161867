"""From a JSON body to a typed value, with errors of our own."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from popflix.lib.http.errors import BadPayload, Unavailable, UpstreamError

T = TypeVar("T")

_WHERE = re.compile(r" - at `(?P<path>.*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T], upstream: str) -> T:
    """Decode; raises Unavailable for what is no JSON, BadPayload naming the field otherwise."""
    error: UpstreamError
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as invalid:
        error = _bad_payload(str(invalid), upstream)
    except (msgspec.DecodeError, UnicodeDecodeError):
        error = Unavailable(upstream, "sent a body that is no JSON")
    raise error


def _bad_payload(text: str, upstream: str) -> BadPayload:
    where, missing = _WHERE.search(text), _MISSING.search(text)
    path = where["path"].removeprefix("$.") if where else ""
    field = f"{path}.{missing['name']}".lstrip(".$") if missing else path
    return BadPayload(upstream, f"sent an unexpected answer: {text}", field=field or "body")
