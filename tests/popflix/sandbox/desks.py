"""Ask a Desk as a client on a socket would, without one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from popflix.sandbox.answers import Source
from popflix.sandbox.api import CatalogueApi
from popflix.sandbox.catalogue import Catalogue
from popflix.sandbox.desk import Desk
from popflix.sandbox.faults import FaultPlan
from popflix.sandbox.keys import Keys
from popflix.sandbox.movies_api import MovieApi
from popflix.sandbox.replies import Ending, Manners
from popflix.sandbox.wire import parse_head

ANY_TOKEN = {"Authorization": "Bearer any-word"}


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    raw: bytes
    delay: float
    ending: Ending

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


def make_desk(
    source: Source | None = None,
    *,
    titles: int = 100,
    keys: Keys = Keys(),  # noqa: B008 - immutable
    faults: Mapping[str, float] | None = None,
    fault_limit: int = 3,
    manners: Manners = Manners(),  # noqa: B008 - immutable
    movies: MovieApi | None = None,
    log: list[str] | None = None,
) -> Desk:
    return Desk(
        source or CatalogueApi(Catalogue(titles, 1)),
        keys=keys,
        faults=FaultPlan(faults or {}, 1, fault_limit),
        manners=manners,
        movies=movies,
        log=None if log is None else log.append,
    )


def ask(
    desk: Desk,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] = ANY_TOKEN,
    now: float = 0.0,
    **params: str,
) -> Got:
    """Send one request that arrives at `now` and take the reply apart."""
    target = f"{path}?{urlencode(params)}" if params else path
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    reply = desk.receive(parse_head("\r\n".join(lines).encode()), now)
    if reply.ending is Ending.RESET:
        return Got(0, {}, reply.payload, reply.delay, reply.ending)
    head, _, body = reply.payload.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    parsed = dict(field.split(": ", 1) for field in fields)
    return Got(int(status.split()[1]), parsed, body, reply.delay, reply.ending)
