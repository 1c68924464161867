"""A site on loopback: pages by path, told apart by method, over kept-alive connections."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """What a page is played by: `page` answers, anything else may be written to `wfile`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def page(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _play(self) -> None:
        site = self.server.site
        site.asked.append((self.command, self.path))
        site.headers.append(dict(self.headers))
        play = site.pages.get(self.path) or site.pages.get("*")
        with contextlib.suppress(OSError):
            if play is None:
                self.page(404)
            else:
                play(self)

    do_GET = do_HEAD = _play  # noqa: N815

    def setup(self) -> None:
        super().setup()
        self.server.site.connections += 1

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


Play = Callable[[Handler], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    site: Pages

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silent: clients that hang up are what is tested."""


class Pages:
    """`pages` by path with query, "*" for all others; `asked` keeps (method, path)."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.site = self
        self.host = "127.0.0.1"
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.forget()
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def forget(self) -> None:
        self.pages: dict[str, Play] = {}
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def says(status: int = 200, body: bytes = b"", **headers: str) -> Play:
    return lambda handler: handler.page(status, body, **headers)


def leads_to(location: str, status: int = 302) -> Play:
    return says(status, b"elsewhere", Location=location)


@contextlib.contextmanager
def running() -> Iterator[Pages]:
    pages = Pages()
    try:
        yield pages
    finally:
        pages.close()
