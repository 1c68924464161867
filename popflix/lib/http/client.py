"""The client of one upstream: reserve, send once, classify. Retries are the pipeline's."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import requests
import urllib3

from popflix.lib.addresses import is_http
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import ConfigurationError
from popflix.lib.http.decide import classify, is_json_text
from popflix.lib.http.errors import BadPayload, NotFound, RateLimited, Unavailable, UpstreamError
from popflix.lib.http.faults import describe
from popflix.lib.http.wire import Cut, Limits, TooLarge, Wire
from popflix.lib.limiter import Limiter
from popflix.lib.per_thread import PerThread
from popflix.lib.redact import remember_secret

logger = logging.getLogger(__name__)

_FAULTS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    Cut,
)
_PATH_SAFE = "/:@!$&'()*+,;=~%"  # with %: the caller has encoded the parts that need it
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Response:
    """A 2xx answer: headers by lower-case name, the body decoded from gzip."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Thread-safe and fork-safe: each thread keeps its own connection alive.

    `base_url` has no trailing slash. `headers` and `params` go with every request; the values
    of `params` and of an Authorization header are secrets from here on. `deadline_seconds`
    bounds one exchange, `max_bytes` its body (as sent and as decoded). Proxies are the
    environment's, looked up once. With `expect_json`, a body that does not look whole is
    Unavailable. Raises ConfigurationError for a base URL or header that cannot be sent.
    """

    def __init__(
        self,
        *,
        upstream: str,
        base_url: str,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        connect_seconds: float,
        read_seconds: float,
        deadline_seconds: float,
        max_bytes: int,
        limiter: Limiter,
        clock: Clock = SYSTEM_CLOCK,
        expect_json: bool = True,
        longest_wait: float = 5.0,
    ) -> None:
        _check(upstream, base_url, headers)
        self.upstream = upstream
        self._base_url = base_url
        self._secret_params = dict(params)
        self._limiter = limiter
        self._clock = clock
        self._expect_json = expect_json
        self._longest_wait = longest_wait
        limits = Limits(connect_seconds, read_seconds, deadline_seconds, max_bytes)
        sent_headers = {"Accept-Encoding": "gzip", "User-Agent": "popflix", **headers}
        self._wires = PerThread(
            lambda: Wire(base_url, sent_headers, limits, clock), lambda wire: wire.close()
        )
        self._limits = limits
        self._sent_before = 0
        _remember(headers, params)

    @property
    def sent(self) -> int:
        """Requests sent so far by this process, whatever came back."""
        return self._sent_before + sum(wire.sent for wire in self._wires.mine())

    def get(self, path: str, params: Mapping[str, str] = _NOTHING, *, lane: int = 3) -> Response:
        """Wait for a slot in `lane`, send once, and return the 2xx answer.

        `path` begins with a slash; reserved characters within its parts come percent-encoded.

        Raises a subclass of UpstreamError for every other outcome, and Parked where the next
        slot is further away than `longest_wait`. A 429 makes everybody wait.
        """
        self._limiter.acquire(lane, longest_wait=self._longest_wait)
        answer = self._send(path, params)
        if isinstance(answer, RateLimited):
            answer.wait_seconds = self._tell_limiter(answer)
        elif isinstance(answer, Response | NotFound):
            self._limiter.succeeded()
        if isinstance(answer, UpstreamError):
            raise answer
        return answer

    def _tell_limiter(self, answer: RateLimited) -> float:
        asked = "" if answer.retry_after is None else f", Retry-After {answer.retry_after:g} s"
        return self._limiter.penalize(answer.retry_after, f"{self.upstream} answered 429{asked}")

    def close(self) -> None:
        """Drop this process's connections, the limiter's too; not beside threads that use them."""
        self._sent_before = self.sent
        self._wires.close()
        self._limiter.close()

    def _send(self, path: str, params: Mapping[str, str]) -> Response | UpstreamError:
        """Return rather than raise: an error raised here would keep the original, which names
        the URL and the key in it, as its context."""
        query = urlencode({**params, **self._secret_params})
        url = f"{self._base_url}{quote(path, safe=_PATH_SAFE)}" + (f"?{query}" if query else "")
        began = self._clock.monotonic()
        try:
            status, headers, body = self._wires.get().get(url)
        except TooLarge:
            return BadPayload(
                self.upstream, f"sent more than {self._limits.max_bytes} bytes", field="body"
            )
        except _FAULTS as error:
            return Unavailable(self.upstream, describe(error, self._limits))
        logger.debug(
            "%s answered %d to %s in %.0f ms",
            self.upstream, status, path, 1000 * (self._clock.monotonic() - began),
        )  # fmt: skip
        if error_ := classify(status, headers, body, self.upstream, self._clock.now()):
            return error_
        if self._expect_json and not is_json_text(body):
            return Unavailable(self.upstream, "sent a body that is no whole JSON", status=status)
        return Response(status, headers, body)


def _check(upstream: str, base_url: str, headers: Mapping[str, str]) -> None:
    if not is_http(base_url):
        raise ConfigurationError(
            f"The base URL of {upstream} is no http or https address.",
            "Correct it in .env, for instance https://api.example.org/3.",
        )
    for name, value in headers.items():
        # Sent as it is, it would fail inside http.client with the value in the error's text.
        if not (value.isascii() and value.isprintable()):
            raise ConfigurationError(
                f"The {name} header for {upstream} has characters that HTTP cannot carry.",
                "Copy the token or key anew, without line breaks, quotes and spaces.",
            )


def _remember(headers: Mapping[str, str], params: Mapping[str, str]) -> None:
    for value in params.values():
        remember_secret(value)
    for name, value in headers.items():
        if name.lower() == "authorization":
            remember_secret(value.removeprefix("Bearer "))
