"""One thread's kept-alive connection to one upstream, by `requests` with the detours left out.

A session's cookies, redirects, hooks and per-request look-up of proxies cost half of the CPU of
a request (tests/benchmarks/http_cpu.py). An API client needs none of them, so a request that is
prepared by hand goes straight to an adapter that knows its one host.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.util import Timeout

from popflix.lib.clock import Clock

_CHUNK_BYTES = 65_536
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class TooLarge(Exception):  # noqa: N818 - turned into BadPayload at the border
    """The body exceeds the cap."""


class Cut(Exception):  # noqa: N818 - turned into Unavailable at the border
    """The body ended early, or came too slowly; the text says which."""


@dataclass(frozen=True)
class Limits:
    """Seconds for the connection, for each read and for the whole exchange; bytes of a body."""

    connect_seconds: float
    read_seconds: float
    deadline_seconds: float
    max_bytes: int


class _OneHostAdapter(HTTPAdapter):
    """An adapter whose requests all go to one host: finds its pool once."""

    _prepare_tls: Any = HTTPAdapter.cert_verify

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._pool: Any = None

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        if self._pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._prepare_tls(pool, request.url, verify, cert)
            self._pool = pool
        return self._pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Done once, with the pool."""

    def request_url(self, request: Any, proxies: Any) -> str:
        if proxies:
            return str(super().request_url(request, proxies))
        url: str = request.url
        return url[url.index("/", url.index("//") + 2) :]

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = resp.status
        response.raw = resp
        return response


class Wire:
    """Not thread-safe: each thread has its own (PerThread)."""

    def __init__(self, base_url: str, headers: Mapping[str, str], limits: Limits, clock: Clock):
        self.sent = 0
        self._headers: Any = dict(headers)
        self._limits = limits
        self._clock = clock
        self._adapter = _OneHostAdapter()
        self._timeout: Any = Timeout(
            connect=limits.connect_seconds,
            read=min(limits.read_seconds, limits.deadline_seconds),
        )
        self._proxies = environment_proxies(base_url)

    def get(self, url: str) -> tuple[int, dict[str, str], bytes]:
        """Send one GET; return status, headers by lower-case name, and the decoded body.

        Raises Cut, TooLarge, and what requests, urllib3 and sockets raise. Of an answer that is
        no 2xx the status counts, so a fault while reading its body leaves the body empty. The
        deadline is looked at between reads: one read may still last its own time-out.
        """
        deadline = self._clock.monotonic() + self._limits.deadline_seconds
        self.sent += 1
        response = self._adapter.send(
            self._request(url), stream=True, timeout=self._timeout, proxies=self._proxies
        )
        raw = response.raw
        try:
            headers = {name.lower(): value for name, value in raw.headers.items()}
            try:
                body = self._read(raw, headers, deadline)
            except Exception:
                if 200 <= response.status_code < 300:
                    raise
                body = b""
                raw.close()
        except BaseException:
            raw.close()  # a connection with half an answer in it must not be used again
            raise
        raw.release_conn()
        return response.status_code, headers, body

    def close(self) -> None:
        self._adapter.close()

    def _request(self, url: str) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method = "GET"
        request.url = url
        request.headers = self._headers
        return request

    def _read(self, raw: Any, headers: Mapping[str, str], deadline: float) -> bytes:
        cap = self._limits.max_bytes
        announced = headers.get("content-length", "")
        _check_size(int(announced) if announced.isdecimal() else 0, cap)
        chunks, size = [], 0
        while chunk := raw.read1(_CHUNK_BYTES, decode_content=False):
            chunks.append(chunk)
            size += len(chunk)
            _check_size(size, cap)
            if self._clock.monotonic() > deadline:
                raise Cut(f"was not done after {self._limits.deadline_seconds:g} s")
        return _decoded(b"".join(chunks), headers.get("content-encoding", ""), cap)


def environment_proxies(base_url: str) -> dict[str, str]:
    """The proxies the environment names for this upstream; looked up once, not per request."""
    if urlsplit(base_url).hostname in _LOOPBACK:
        return {}
    return dict(get_environ_proxies(base_url))


def _check_size(size: int, cap: int) -> None:
    if size > cap:
        raise TooLarge


def _decoded(body: bytes, encoding: str, cap: int) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Cut("used an encoding it was not asked for")
    # By hand rather than by urllib3, which takes a gzip stream without its end for a whole one.
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = stream.decompress(body, cap + 1)
    except zlib.error:
        raise Cut("sent a damaged gzip body") from None
    _check_size(len(text), cap)
    if not stream.eof:
        raise Cut("sent a cut gzip body")
    return text
