"""What can go wrong with an upstream, by what the caller does about it.

The texts are safe to store and to show: no query, no header, no secret is in them.
"""

# ruff: noqa: N818 - named for what happened; every one is an UpstreamError

from __future__ import annotations

from typing import ClassVar

from popflix.lib.redact import redact


class UpstreamError(Exception):
    """`upstream` answered `status` (None: it did not answer). `message` is one redacted sentence.

    `code` is the number the upstream itself gives in its JSON (`status_code` at TMDB);
    `retry_after` the seconds it asked to wait, within [0, 300].
    """

    retryable: ClassVar[bool] = False
    mirror: str = ""  # which of an upstream's mirrors it was, where it has several

    def __init__(
        self,
        upstream: str,
        what: str,
        *,
        status: int | None = None,
        code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.upstream = upstream
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.message = redact(f"{upstream} {what}")
        super().__init__(self.message)


class NotFound(UpstreamError):
    """404, 410: the upstream knows no such thing. Settles the row."""


class RateLimited(UpstreamError):
    """429. The limiter has been told; `wait_seconds` is when it lets anybody send again."""

    retryable = True
    wait_seconds: float = 0.0


class Unavailable(UpstreamError):
    """5xx, a network fault, a time-out, a cut or garbled answer: worth another try."""

    retryable = True


class Rejected(UpstreamError):
    """400, 405, 406, 422 and other refusals of the request itself: our bug."""


class Refused(UpstreamError):
    """401, 403: the upstream does not let us in at all. Stops the run."""


class BadPayload(UpstreamError):
    """Well-formed, but not what was promised; `field` names the place."""

    def __init__(self, upstream: str, what: str, *, field: str, status: int | None = None) -> None:
        super().__init__(upstream, what, status=status)
        self.field = field
