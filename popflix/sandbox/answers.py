"""Answers before they are put on the wire, and TMDB's errors among them.

Codes and messages are those of developer.themoviedb.org/docs/errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

JSON = "application/json;charset=utf-8"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Answer:
    """`tconst` is what the answer is about, for the counts: a title, or else "movie/30000001".

    With `keep` the same request always gets it, so that it may be made ready once.
    """

    status: int
    body: bytes
    tconst: str | None = None
    content_type: str = JSON
    keep: bool = True


class Source(Protocol):
    """Where answers come from: the invented catalogue or a folder of recordings."""

    def answer(self, path: str, params: Mapping[str, str]) -> Answer:
        """The faultless answer to GET `path` (it begins with /3/)."""
        ...

    def expected(self) -> dict[str, dict[str, object]]:
        """The right final state by tconst; empty where nobody can know it."""
        ...

    def imdb_lines(self) -> Iterator[str]:
        """The lines of title.basics.tsv, header first."""
        ...

    def described(self) -> str:
        """What is served, in words."""
        ...


def encode(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def failure(status: int, code: int, message: str) -> Answer:
    return Answer(
        status, encode({"success": False, "status_code": code, "status_message": message})
    )


def too_many(count: int, allowed: int) -> Answer:
    """429 in the only form recorded: without the key `success`."""
    message = f"Your request count ({count}) is over the allowed limit of {allowed}."
    return Answer(429, encode({"status_code": 25, "status_message": message}))


KEY_ACCEPTED = Answer(
    200, encode({"success": True, "status_code": 1, "status_message": "Success."})
)
INVALID_KEY = failure(401, 7, "Invalid API key: You must be granted a valid key.")
NOT_FOUND = failure(404, 34, "The resource you requested could not be found.")
WRONG_METHOD = failure(405, 42, "This request method is not supported for this resource.")
VALIDATION_FAILED = failure(400, 18, "Validation failed.")
TOO_MUCH_APPENDED = failure(
    400, 27, "Too many append to response objects: The maximum number of remote calls is 20."
)
INTERNAL_ERROR = failure(500, 11, "Internal error: Something went wrong, contact TMDB.")
OFFLINE = failure(503, 9, "Service offline: This service is temporarily offline, try again later.")
TIMED_OUT = failure(504, 24, "Your request to the backend server timed out. Try again.")
# a gateway before TMDB answers in its own words, not in JSON
BAD_GATEWAY = Answer(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", content_type=HTML)
NOT_JSON = Answer(200, b"<!doctype html><title>One moment</title>", content_type=HTML)
MALFORMED = Answer(400, b"<html><body><h1>400 Bad Request</h1></body></html>", content_type=HTML)
