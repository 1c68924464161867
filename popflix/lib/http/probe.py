"""Asking arbitrary hosts whether a page is there: HEAD or GET, redirects by hand, one limiter."""

from __future__ import annotations

import http.client
from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import requests
import urllib3

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.http.decide import retry_after_seconds
from popflix.lib.http.errors import Unavailable
from popflix.lib.http.faults import describe
from popflix.lib.http.hops import MOST_HOPS, REDIRECTS, Detour, Probe, next_hop
from popflix.lib.http.probe_wire import Exchanged, ProbeWire
from popflix.lib.http.wire import Cut, Limits
from popflix.lib.limiter import Limiter
from popflix.lib.per_thread import PerThread

EXCERPT_BYTES = 65_536
_FAULTS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,  # an address that a redirect made up and no library can read
    Cut,
)
_HEADERS: Mapping[str, str] = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "User-Agent": "popflix",
}


class Prober:
    """Thread-safe and fork-safe: each thread keeps its own connections alive.

    `deadline_seconds` bounds all exchanges of one probe together, headers that trickle in too;
    of a body the first `EXCERPT_BYTES` are read. No error and no log line holds an address.
    """

    def __init__(
        self,
        *,
        connect_seconds: float,
        read_seconds: float,
        deadline_seconds: float,
        limiter: Limiter,
        clock: Clock = SYSTEM_CLOCK,
        longest_wait: float = 5.0,
    ) -> None:
        self._limiter, self._clock, self._longest_wait = limiter, clock, longest_wait
        self._limits = Limits(connect_seconds, read_seconds, deadline_seconds, EXCERPT_BYTES)
        self._wires = PerThread(
            lambda: ProbeWire(_HEADERS, self._limits, clock), lambda wire: wire.close()
        )
        self._sent_before = 0

    @property
    def sent(self) -> int:
        """Requests sent so far by this process, redirects counted, whatever came back."""
        return self._sent_before + sum(wire.sent for wire in self._wires.mine())

    def probe(
        self, url: str, *, method: str, hosts: Collection[str], lane: int, upstream: str
    ) -> Probe:
        """Ask `url` and follow its redirects within `hosts`; each request waits for a slot.

        Every answer is returned, a 429 too: whom to tell of it is the caller's to know. Raises
        Unavailable in the name of `upstream` where none came, and Parked where the next slot is
        further away than `longest_wait`.
        """
        seen, spent = {url}, 0.0
        while True:
            answer, seconds = self._ask(method, url, lane, spent, upstream)
            spent += seconds
            found = self._found(answer, url, spent)
            if not _leads_on(answer):
                return found
            hop = next_hop(url, answer.headers["location"], hosts)
            if not hop.url:
                return replace(found, host=hop.host, detour=Detour.FOREIGN)
            if hop.url in seen or len(seen) > MOST_HOPS:
                return replace(found, detour=Detour.ENDLESS)
            seen.add(hop.url)
            url = hop.url

    def penalize(self, retry_after: float | None, upstream: str) -> float:
        """Tell everybody of a 429 to this thread; return the seconds until sending resumes."""
        asked = "" if retry_after is None else f", Retry-After {retry_after:g} s"
        return self._limiter.penalize(retry_after, f"{upstream} answered 429{asked}")

    def close(self) -> None:
        """Drop this process's connections, the limiter's too; not beside threads that use them."""
        self._sent_before = self.sent
        self._wires.close()
        self._limiter.close()

    def _ask(
        self, method: str, url: str, lane: int, spent: float, upstream: str
    ) -> tuple[Exchanged, float]:
        left = self._limits.deadline_seconds - spent
        if left <= 0:
            raise Unavailable(upstream, f"was not done after {self._limits.deadline_seconds:g} s")
        self._limiter.acquire(lane, longest_wait=self._longest_wait)
        began = self._clock.monotonic()
        answer = self._exchange(method, url, left, upstream)
        if isinstance(answer, Unavailable):
            raise answer
        if answer.status != 429:
            self._limiter.succeeded()
        return answer, self._clock.monotonic() - began

    def _exchange(
        self, method: str, url: str, left: float, upstream: str
    ) -> Exchanged | Unavailable:
        """Return rather than raise: an error raised here would keep the original, which names
        the address and a key in it, as its context."""
        try:
            return self._wires.get().exchange(method, url, left)
        except _FAULTS as error:
            return Unavailable(upstream, describe(error, self._limits))

    def _found(self, answer: Exchanged, url: str, seconds: float) -> Probe:
        return Probe(
            status=answer.status,
            host=(urlsplit(url).hostname or "").lower(),
            body=answer.body,
            is_whole=answer.is_whole,
            retry_after=retry_after_seconds(
                answer.headers.get("retry-after", ""), self._clock.now()
            ),
            seconds=seconds,
        )


def _leads_on(answer: Exchanged) -> bool:
    return answer.status in REDIRECTS and bool(answer.headers.get("location"))
