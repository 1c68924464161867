"""A time limit for a whole exchange, its headers too.

A socket's time-out starts anew with each byte, so that a server which sends one byte now and
then holds a thread for ever. Here each read may last what is left.
"""

from __future__ import annotations

import functools
import http.client
import io
import socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from popflix.lib.clock import Clock
from popflix.lib.http.wire import Cut


class Budget:
    """What is left of one thread's exchange."""

    def __init__(self, clock: Clock, read_seconds: float, deadline_seconds: float) -> None:
        self._clock, self._read_seconds, self._whole = clock, read_seconds, deadline_seconds
        self._until = 0.0

    def start(self, seconds: float) -> None:
        """`seconds` are what earlier exchanges left of the deadline."""
        self._until = self._clock.monotonic() + seconds

    def next_read(self) -> float:
        """How long the next read may last. Raises Cut where nothing is left."""
        left = self._until - self._clock.monotonic()
        if left <= 0:
            raise self.spent()
        return min(left, self._read_seconds)

    def is_spent(self) -> bool:
        return self._clock.monotonic() >= self._until

    def spent(self) -> Cut:
        return Cut(f"was not done after {self._whole:g} s")


class _TimedRaw(io.RawIOBase):
    def __init__(self, raw: Any, sock: socket.socket, budget: Budget) -> None:
        self._raw, self._sock, self._budget = raw, sock, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._budget.next_read())
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            if self._budget.is_spent():
                raise self._budget.spent() from None
            raise
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, budget: Budget, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        # One reader for headers and body alike.
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedRaw(raw, sock, budget))


def pool_classes(budget: Budget) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3's pools by scheme, whose connections keep to the budget."""
    response_class = functools.partial(_TimedResponse, budget=budget)

    class TimedConnection(HTTPConnection):
        pass

    class TimedTlsConnection(HTTPSConnection):
        pass

    class TimedPool(HTTPConnectionPool):
        ConnectionCls = TimedConnection

    class TimedTlsPool(HTTPSConnectionPool):
        ConnectionCls = TimedTlsConnection

    for connection in (TimedConnection, TimedTlsConnection):
        connection.response_class = response_class  # type: ignore[assignment]
    return {"http": TimedPool, "https": TimedTlsPool}
