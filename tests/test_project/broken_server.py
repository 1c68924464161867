"""A server that is broken in every way and repeats the secrets it was sent wherever it can."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count


class _Handler(BaseHTTPRequestHandler):
    turn = count()

    def do_GET(self) -> None:
        told = f"{self.path} {self.headers.get('Authorization', '')}".encode()
        match next(_Handler.turn) % 7:
            case 0:
                self._answer(500, told)
            case 1:
                self._answer(200, b"<html>" + told)  # not JSON
            case 2:
                self._answer(200, b'{"id": "' + told + b'"}')  # a wrong type that holds the key
            case 3:
                self._answer(302, told, location=self.path)
            case 4:
                self._answer(422, b'{"status_message": "' + told + b'"}')
            case 5:
                self.send_response(200)
                self.send_header("Content-Length", "9999")  # and hang up before that
                self.end_headers()
                self.wfile.write(told)
                self.close_connection = True
            case _:
                self.connection.close()

    def _answer(self, status: int, body: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the tests read our own logs."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):  # what closing the connection early leads to
            self.close_connection = True


@contextmanager
def broken_server() -> Iterator[str]:
    """Yields the base URL that stands for TMDB's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/3"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
