"""The sockets: HTTP/1.1 with keep-alive and pipelining over asyncio, on loopback alone.

A Protocol rather than a StreamReader: one callback per request instead of a task and its wake-ups,
which is what keeps a busy sandbox from stealing the processor of the program under test.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import cast

from popflix.sandbox.answers import MALFORMED
from popflix.sandbox.desk import Desk
from popflix.sandbox.replies import Ending, Reply
from popflix.sandbox.wire import LONGEST_HEAD, MalformedRequestError, Request, parse_head, response

HOST = "127.0.0.1"
_MOST_PIPELINED = 256
_HEAD_END = b"\r\n\r\n"
_LINGER_NOT = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """One client: replies leave in the order of their requests, each after its delay."""

    def __init__(self, desk: Desk, everyone: set[Connection]) -> None:
        self._desk = desk
        self._everyone = everyone
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._waiting: deque[Reply] = deque()
        self._last_due = 0.0
        self._deaf = False  # no more requests are read: the connection is about to end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._everyone.add(self)
        self._desk.counts.connected(1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deaf = True
        self._waiting.clear()
        self._everyone.discard(self)
        self._desk.counts.connected(-1)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def close(self) -> None:
        self._transport.abort()

    def _serve(self) -> None:
        """Take the whole requests out of the buffer and have each answered."""
        try:
            while not self._deaf and (request := self._next_request()):
                self._queue(self._desk.receive(request, self._loop.time()))
        except MalformedRequestError:
            self._queue(Reply(response(MALFORMED, close=True), ending=Ending.CLOSE))

    def _next_request(self) -> Request | None:
        if len(self._waiting) >= _MOST_PIPELINED:
            self._transport.pause_reading()
            return None
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            if len(self._buffer) > LONGEST_HEAD:
                raise MalformedRequestError
            return None
        request = parse_head(self._buffer[:end])
        whole = end + len(_HEAD_END) + request.headers.content_length
        if len(self._buffer) < whole:
            return None
        self._buffer = self._buffer[whole:]
        return request

    def _queue(self, reply: Reply) -> None:
        self._deaf = reply.ending is not Ending.KEEP
        now = self._loop.time()
        due = self._last_due = max(now + reply.delay, self._last_due)
        if due <= now and not self._waiting:
            self._send(reply)
        else:
            self._waiting.append(reply)
            self._loop.call_at(due, self._send_next)

    def _send_next(self) -> None:
        """A timer per queued reply fires; whichever fires, the oldest reply is due."""
        if not self._waiting:
            return
        self._send(self._waiting.popleft())
        if len(self._waiting) == _MOST_PIPELINED - 1 and not self._transport.is_closing():
            self._transport.resume_reading()
            self._serve()

    def _send(self, reply: Reply) -> None:
        if reply.ending is Ending.RESET:
            peer = self._transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            self._transport.abort()
            return
        self._transport.write(reply.payload)
        if reply.ending is Ending.CLOSE:
            self._transport.close()


class Server:
    """Serves `desk` on `port` (0: any free one) of the loopback until it is stopped."""

    def __init__(self, desk: Desk, port: int) -> None:
        self._desk = desk
        self._port = port
        self._connections: set[Connection] = set()

    async def start(self) -> int:
        """Listen and return the port. Raises OSError where it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._desk, self._connections), HOST, self._port, backlog=1024
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        self._server.close()
        for connection in tuple(self._connections):
            connection.close()
        await self._server.wait_closed()
