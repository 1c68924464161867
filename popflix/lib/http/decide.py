"""What an answer means, pure: the status first, then what the body says.

Sources: TMDB's error table (developer.themoviedb.org/docs/errors); RFC 9110 §10.2.3 for
Retry-After, whose nonsense values are real (Radarr/Radarr#2791: -1526834166 seconds).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from popflix.lib.backoff import backoff_seconds
from popflix.lib.http.errors import (
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    Unavailable,
    UpstreamError,
)

__all__ = ["backoff_seconds", "classify", "is_json_text", "retry_after_seconds"]

LONGEST_RETRY_AFTER_SECONDS = 300.0
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_MESSAGE_LENGTH = 200
_LONGEST_ERROR_BODY = 10_000  # bytes; a longer one is a page, not an error object
_KINDS: dict[int, type[UpstreamError]] = {
    401: Refused,
    403: Refused,
    404: NotFound,
    407: Refused,
    408: Unavailable,
    410: NotFound,
    425: Unavailable,
    429: RateLimited,
    501: Rejected,
    505: Rejected,
}


def classify(
    status: int, headers: Mapping[str, str], body: bytes, upstream: str, now: dt.datetime
) -> UpstreamError | None:
    """The error that an answer amounts to, None for 2xx. `headers` has lower-case names.

    A redirect is Rejected: it is never followed, since the next host would be sent the key.
    """
    if 200 <= status < 300:
        return None
    kind = _KINDS.get(status) or (Unavailable if status >= 500 else Rejected)
    code, message = _own_words(body)
    if 300 <= status < 400:
        message = "it redirects elsewhere; is the base URL right?"
    return kind(
        upstream,
        f"answered {status}" + (f": {message}" if message else ""),
        status=status,
        code=code,
        retry_after=retry_after_seconds(headers.get("retry-after", ""), now),
    )


def retry_after_seconds(value: str, now: dt.datetime) -> float | None:
    """Seconds to wait within [0, 300] from seconds or an HTTP date; None for nonsense.

    A past date says as little as a negative number: the two clocks may differ.
    """
    value = value.strip()
    seconds = float(value) if _SECONDS.fullmatch(value) else _seconds_until(value, now)
    if seconds is None or seconds < 0:
        return None
    return min(seconds, LONGEST_RETRY_AFTER_SECONDS)


def is_json_text(body: bytes) -> bool:
    """Whether the body begins and ends as a JSON object or array does: not a page, not cut."""
    text = body.strip()
    return text[:1] + text[-1:] in (b"{}", b"[]")


def _seconds_until(value: str, now: dt.datetime) -> float | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:  # `-0000`: RFC 5322's way to say UTC without a place
        at = at.replace(tzinfo=dt.UTC)
    return (at - now).total_seconds()


def _own_words(body: bytes) -> tuple[int | None, str]:
    """Code and message of a JSON error object, where it has them: TMDB's names, and OMDb's."""
    if len(body) > _LONGEST_ERROR_BODY:
        return None, ""
    try:
        parsed = json.loads(body)
    except ValueError:
        return None, ""
    if not isinstance(parsed, dict):
        return None, ""
    code, message = parsed.get("status_code"), parsed.get("status_message", parsed.get("Error"))
    return (
        code if isinstance(code, int) else None,
        " ".join(message.split())[:_MESSAGE_LENGTH] if isinstance(message, str) else "",
    )
