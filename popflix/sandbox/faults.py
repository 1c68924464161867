"""Faults on demand: which request goes wrong, and how, decided by seed, path and its number."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

FAULTS = {
    "429": "over the limit; without Retry-After unless the option gives one",
    "500": "TMDB's internal error, in JSON",
    "502": "a gateway's error page, in HTML",
    "503": "TMDB's maintenance, in JSON",
    "504": "TMDB's backend timed out, in JSON",
    "slow": "the right answer, late",
    "truncated": "half a body, then the connection closes",
    "notjson": "status 200 with an HTML page",
    "reset": "the connection is reset before a byte is sent",
}


class FaultSpecError(ValueError):
    """A fault specification that cannot be read; the text names the bad part."""


def parse_faults(spec: str) -> dict[str, float]:
    """Read `429=0.05,slow=0.01`: the share of requests, 0 to 1, by fault.

    Raises FaultSpecError for an unknown name, a bad share, a repetition, or shares over 1.
    """
    rates: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in spec.split(","))):
        name, separator, share = part.partition("=")
        if name not in FAULTS:
            raise FaultSpecError(f"{part!r}: no such fault; known are {', '.join(FAULTS)}")
        if name in rates:
            raise FaultSpecError(f"{part!r}: {name} stands twice")
        rates[name] = _share(part, share if separator else "")
    if sum(rates.values()) > 1 + 1e-9:
        raise FaultSpecError(f"the shares add up to {sum(rates.values()):g}, more than 1")
    return rates


def _share(part: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise FaultSpecError(f"{part!r}: write a share from 0 to 1, for instance 429=0.05")
    return share


class FaultPlan:
    """Decides request by request; `limit` is how many in a row may go wrong for one path.

    The n-th request of a path meets the same fate in every run of the same seed, whatever the
    other paths do, and a retry is another request: it may succeed.
    """

    def __init__(self, rates: Mapping[str, float], seed: int, limit: int = 3) -> None:
        self._rates = {name: rate for name, rate in rates.items() if rate > 0}
        self._seed = seed
        self._limit = limit
        self._asked: dict[str, int] = {}
        self._in_a_row: dict[str, int] = {}

    def next(self, path: str) -> str | None:
        """The fault of the next request of `path`, or None for a true answer."""
        if not self._rates:
            return None
        number = self._asked[path] = self._asked.get(path, 0) + 1
        fault = self._drawn(path, number)
        in_a_row = self._in_a_row.get(path, 0)
        if fault is None or in_a_row >= self._limit:
            self._in_a_row[path] = 0
            return None
        self._in_a_row[path] = in_a_row + 1
        return fault

    def reset(self) -> None:
        """Begin anew, as if nothing had been asked."""
        self._asked.clear()
        self._in_a_row.clear()

    def _drawn(self, path: str, number: int) -> str | None:
        digest = blake2b(f"{self._seed} {path} {number}".encode(), digest_size=8).digest()
        lot = int.from_bytes(digest, "big") / 2**64
        for name, rate in self._rates.items():
            if lot < rate:
                return name
            lot -= rate
        return None
