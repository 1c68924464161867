"""HTTP towards upstreams: one limiter, typed errors, no secret in any text."""

from popflix.lib.http.client import HttpClient, Response
from popflix.lib.http.decode import decode_json
from popflix.lib.http.errors import (
    BadPayload,
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    Unavailable,
    UpstreamError,
)

__all__ = [
    "BadPayload",
    "HttpClient",
    "NotFound",
    "RateLimited",
    "Refused",
    "Rejected",
    "Response",
    "Unavailable",
    "UpstreamError",
    "decode_json",
]
