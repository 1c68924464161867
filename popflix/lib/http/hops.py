"""Where a redirect may lead, and what a probe comes back with. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urljoin, urlsplit

REDIRECTS = (301, 302, 303, 307, 308)
MOST_HOPS = 5
_SAFE = "/:@!$&'()*+,;=~%?[]#-._"


class Detour(StrEnum):
    """Why redirects were not followed to their end."""

    NONE = ""
    FOREIGN = "foreign redirect"  # to a host or scheme that is not allowed
    ENDLESS = "redirects"  # in a circle, or too many


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer at the end of the redirects that were followed.

    `host` is the one that answered, of a foreign redirect the one that it leads to. `body` is
    the decoded beginning, `is_whole` whether that is all of it. `seconds` lasted the exchanges
    themselves, without the waits for a slot.
    """

    status: int
    host: str
    body: bytes = b""
    is_whole: bool = True
    retry_after: float | None = None
    detour: Detour = Detour.NONE
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Hop:
    """The next address; none where it must not be asked."""

    url: str
    host: str


def next_hop(url: str, location: str, hosts: Collection[str]) -> Hop:
    """Where `location`, an answer of `url`, leads. `hosts` are lower-case names without ports.

    From http to https is followed, the way back never: what the first address promised, TLS and
    whom it reached, is kept.
    """
    try:
        target = urljoin(url, quote(location.strip().encode("latin-1", "replace"), safe=_SAFE))
        parts = urlsplit(target)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return Hop("", "")
    schemes = ("https",) if urlsplit(url).scheme == "https" else ("http", "https")
    is_allowed = parts.scheme in schemes and host in hosts and port != 0 and not parts.username
    return Hop(parts._replace(fragment="").geturl() if is_allowed else "", host)
