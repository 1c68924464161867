"""CPU of one request: our client beside a plain `requests` session and bare http.client.

    python -m tests.benchmarks.http_cpu [--requests 2000] [--threads 8] [--json]

Against a server in a process of its own that answers at once (5 KB of JSON, gzip). All figures
are milliseconds of this process's CPU per request, the best of three rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import http.client
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

Fetch = Callable[[], object]

PATH = "/movie/tt9900001?append_to_response=videos"
HEADERS = {"Accept-Encoding": "gzip", "Authorization": "Bearer invented", "User-Agent": "popflix"}


class _Answers(asyncio.Protocol):
    """Answers every request on a kept-alive connection with the same bytes."""

    answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self.answer * data.count(b"\r\n\r\n"))


def _body() -> bytes:
    videos = [{"id": f"{n:024x}", "key": os.urandom(8).hex(), "name": f"Trailer {n}",
               "site": "YouTube", "type": "Trailer", "size": 1080} for n in range(40)]  # fmt: skip
    return json.dumps({"id": 9_000_001, "videos": {"results": videos}}).encode()


def serve(tell: Connection) -> None:
    body = gzip.compress(_body())
    _Answers.answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\n"
        b"Content-Encoding: gzip\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nServer: invented\r\n"
        b"Cache-Control: public, max-age=1000\r\nETag: W/1\r\nVary: Origin\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", 0)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def our_client(port: int) -> Callable[[], Fetch]:
    from popflix.lib.http import HttpClient
    from popflix.lib.limiter import build_limiter

    client = HttpClient(
        upstream="bench", base_url=f"http://127.0.0.1:{port}", headers=HEADERS, params={},
        connect_seconds=5, read_seconds=15, deadline_seconds=30, max_bytes=5_000_000,
        limiter=build_limiter("bench", 1e6, backend="memory"),
    )  # fmt: skip
    return lambda: lambda: client.get("/movie/tt9900001", {"append_to_response": "videos"}, lane=3)


def plain_session(port: int) -> Callable[[], Fetch]:
    import requests

    def make() -> Fetch:
        session = requests.Session()
        session.headers.update(HEADERS)
        return lambda: session.get(f"http://127.0.0.1:{port}{PATH}", timeout=(5, 15)).content

    return make


def bare_http_client(port: int) -> Callable[[], Fetch]:
    def make() -> Fetch:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)

        def fetch() -> bytes:
            connection.request("GET", PATH, headers=HEADERS)
            return gzip.decompress(connection.getresponse().read())

        return fetch

    return make


def cpu_ms(make: Callable[[], Fetch], requests: int, threads: int) -> float:
    def work() -> None:
        fetch = make()
        for _ in range(requests // threads):
            fetch()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    cpu = time.process_time()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return 1000 * (time.process_time() - cpu) / requests


def measure(requests: int, threads: int) -> dict[str, float]:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    server.start()
    port = ours.recv()
    ways = {
        "popflix": our_client(port),
        "requests_session": plain_session(port),
        "http_client": bare_http_client(port),
    }
    try:
        return {
            name: round(min(cpu_ms(make, requests, threads) for _ in range(3)), 3)
            for name, make in ways.items()
        }
    finally:
        server.kill()
        server.join()


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "popflix.settings")
    result = measure(options.requests, options.threads)
    text = json.dumps(result) if options.json else "  ".join(f"{k} {v}" for k, v in result.items())
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
