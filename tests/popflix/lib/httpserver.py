"""A server on loopback that answers with the bytes it was told to, faults included."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

Play = Callable[[socket.socket], None]


def answer(
    body: bytes = b'{"ok":true}',
    status: str = "200 OK",
    headers: str = "",
    length: int | None = None,
) -> Play:
    """A complete answer; `length` lies about the body's."""
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n{headers}\r\n".encode()
    return lambda connection: connection.sendall(head + body)


def raw(text: bytes, *, close: bool = True) -> Play:
    def play(connection: socket.socket) -> None:
        connection.sendall(text)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return play


def silence(connection: socket.socket) -> None:
    """Never answer; ends when the client gives up."""
    with contextlib.suppress(OSError):
        connection.recv(1)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drip(connection: socket.socket) -> None:
    """Send a long body byte by byte: no single read ever times out."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"x")
            time.sleep(0.01)


class Server:
    """Plays `plays` one per request, the last one for ever; keeps what it was sent."""

    def __init__(self) -> None:
        self.plays: list[Play] = [answer()]
        self.requests: list[str] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/3"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def will(self, *plays: Play) -> None:
        self.plays = list(plays)

    def close(self) -> None:
        for each in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while request := _read_request(connection):
                self.requests.append(request)
                play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
                play(connection)


def _read_request(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received and not received.startswith(b"\x16"):  # a TLS hello
        more = connection.recv(65536)
        if not more:
            return ""
        received += more
    return received.decode("latin-1")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()
