"""One thread's kept-alive connections to any number of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Timeout

from popflix.lib.clock import Clock
from popflix.lib.http.excerpt import read_excerpt
from popflix.lib.http.timed import Budget, pool_classes
from popflix.lib.http.wire import Limits, environment_proxies

_HOSTS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Exchanged:
    status: int
    headers: Mapping[str, str]  # by lower-case name
    body: bytes
    is_whole: bool


class _ManyHostsAdapter(HTTPAdapter):
    def __init__(self, budget: Budget) -> None:
        self._classes = pool_classes(budget)
        super().__init__(pool_connections=_HOSTS_KEPT, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._classes
        return manager

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """Without the library's cookies and encodings."""
        response = requests.Response()
        response.status_code = resp.status
        response.raw = resp
        return response


class ProbeWire:
    """Not thread-safe: each thread has its own. `limits.max_bytes` is the excerpt's."""

    def __init__(self, headers: Mapping[str, str], limits: Limits, clock: Clock) -> None:
        self.sent = 0
        self._headers: Any = dict(headers)
        self._limits = limits
        self._budget = Budget(clock, limits.read_seconds, limits.deadline_seconds)
        self._adapter = _ManyHostsAdapter(self._budget)
        self._proxies: dict[str, dict[str, str]] = {}

    def exchange(self, method: str, url: str, seconds: float) -> Exchanged:
        """One request and its answer within `seconds`, a redirect being an answer.

        Where more would come than the excerpt, the connection is closed. Of an answer that is no
        2xx the status counts, so a fault while reading its body leaves the body empty. Raises
        Cut, and what requests, urllib3 and sockets raise.
        """
        self.sent += 1
        self._budget.start(seconds)
        connect = min(self._limits.connect_seconds, seconds)
        response = self._adapter.send(
            self._request(method, url),
            stream=True,
            timeout=Timeout(connect=connect, read=min(self._limits.read_seconds, seconds)),  # type: ignore[arg-type]
            proxies=self._proxies_for(url),
        )
        return self._answer(response.raw, response.status_code)

    def close(self) -> None:
        self._adapter.close()

    def _answer(self, raw: Any, status: int) -> Exchanged:
        is_whole = False
        try:
            headers = {name.lower(): value for name, value in raw.headers.items()}
            try:
                encoding = headers.get("content-encoding", "")
                body, is_whole = read_excerpt(raw, encoding, self._limits.max_bytes)
            except Exception:
                if 200 <= status < 300:
                    raise
                body = b""
            return Exchanged(status, headers, body, is_whole)
        finally:
            if not is_whole:
                raw.close()  # a connection with half an answer in it must not be used again
            raw.release_conn()

    def _request(self, method: str, url: str) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method = method
        request.url = url
        request.headers = self._headers
        return request

    def _proxies_for(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        if base not in self._proxies:
            self._proxies[base] = environment_proxies(base)
        return self._proxies[base]
