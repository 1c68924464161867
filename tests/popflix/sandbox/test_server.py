"""On the wire: keep-alive, pipelining, delays, broken connections and broken clients."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from popflix.sandbox.desk import Desk
from popflix.sandbox.replies import Manners
from popflix.sandbox.server import Server
from tests.popflix.sandbox.desks import make_desk

Result = TypeVar("Result")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def served(desk: Desk, talk: Callable[[int], Awaitable[Result]]) -> Result:
    """Serve `desk` while `talk(port)` runs."""

    async def both() -> Result:
        server = Server(desk, 0)
        port = await server.start()
        try:
            return await asyncio.wait_for(talk(port), 30)
        finally:
            await server.stop()

    return asyncio.run(both())


def exchange(desk: Desk, *chunks: bytes) -> bytes:
    """Send the chunks on one connection and read until the sandbox closes it."""

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0.01)
        answer = await reader.read()
        writer.close()
        return answer

    return served(desk, talk)


def request(path: str, *headers: str, method: str = "GET", version: str = "HTTP/1.1") -> bytes:
    lines = [f"{method} {path} {version}", "Host: sandbox", "Authorization: Bearer x", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def read_one(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


CLOSE = "Connection: close"
GOOD, MISSING = "/3/movie/tt99000002", "/3/movie/550"


def test_one_connection_serves_many_requests() -> None:
    async def talk(port: int) -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        statuses = []
        for path in (GOOD, MISSING, GOOD):
            writer.write(request(path))
            statuses.append((await read_one(reader))[0])
        writer.close()
        return statuses

    desk = make_desk()
    assert served(desk, talk) == [200, 404, 200]
    assert desk.counts.most_connections == 1


def test_pipelined_requests_are_answered_in_their_order() -> None:
    paths = [f"/3/movie/tt99{number:06d}" for number in range(1, 61)]

    async def talk(port: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(map(request, paths)))
        answers = [(await read_one(reader))[1] for _ in paths]
        writer.close()
        return answers

    async def one_by_one(port: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = []
        for path in paths:
            writer.write(request(path))
            answers.append((await read_one(reader))[1])
        writer.close()
        return answers

    manners = Manners(latency=0.02, slow=0.05)
    desk = make_desk(manners=manners, faults={"slow": 0.2})
    assert served(desk, talk) == served(make_desk(), one_by_one)
    assert desk.counts.report()["faults"]


def test_more_pipelined_requests_than_are_queued_wait_their_turn() -> None:
    count = 600
    desk = make_desk(manners=Manners(latency=0.001))
    answer = exchange(desk, request(MISSING) * (count - 1) + request(MISSING, CLOSE))
    assert answer.count(b"HTTP/1.1 404") == count


def test_a_request_may_arrive_in_pieces() -> None:
    whole = request(GOOD, CLOSE)
    pieces = [whole[:5], whole[5:40], whole[40:-3], whole[-3:]]
    assert exchange(make_desk(), *pieces).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_body_is_read_over_and_the_next_request_answered() -> None:
    posted = request(GOOD, "Content-Length: 11", method="POST") + b"GET / HTTP/"
    answer = exchange(make_desk(), posted[:-4], posted[-4:] + request(GOOD, CLOSE))
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"405", b"200"]


@pytest.mark.parametrize(
    "last", [request(GOOD, CLOSE), request(GOOD, version="HTTP/1.0")], ids=["asked", "HTTP/1.0"]
)
def test_the_connection_closes_when_the_client_wants_it(last: bytes) -> None:
    answer = exchange(make_desk(), last + request(GOOD))
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in answer


def test_latency_delays_each_answer_and_connections_do_not_wait_for_each_other() -> None:
    async def one(port: int) -> float:
        started = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(GOOD))
        await read_one(reader)
        writer.close()
        return time.monotonic() - started

    async def talk(port: int) -> tuple[list[float], float]:
        started = time.monotonic()
        each = await asyncio.gather(*(one(port) for _ in range(20)))
        return each, time.monotonic() - started

    each, total = served(make_desk(manners=Manners(latency=0.3)), talk)
    assert min(each) >= 0.29
    assert total < 20 * 0.3


def test_truncated_ends_before_its_promised_length() -> None:
    desk = make_desk(faults={"truncated": 1.0})
    answer = exchange(desk, request(GOOD))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert len(body) < int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])


def test_reset_resets_the_connection() -> None:
    with pytest.raises(ConnectionResetError):
        exchange(make_desk(faults={"reset": 1.0}), request(GOOD))


def test_a_client_that_leaves_early_disturbs_nobody() -> None:
    desk = make_desk(manners=Manners(latency=0.05))

    async def talk(port: int) -> int:
        _, leaving = await asyncio.open_connection("127.0.0.1", port)
        leaving.write(request(GOOD) * 3)
        await leaving.drain()
        leaving.transport.abort()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(GOOD))
        status, _ = await read_one(reader)
        await asyncio.sleep(0.1)
        writer.close()
        return status

    assert served(desk, talk) == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
        b"GET /3/movie/1\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"GET /" + b"x" * 70_000,
    ],
    ids=lambda nonsense: nonsense[:30].decode("latin-1"),
)
def test_what_is_not_http_is_told_so_and_hung_up_on(nonsense: bytes) -> None:
    desk = make_desk()
    answer = exchange(desk, nonsense)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")
    assert b"Connection: close" in answer
    assert desk.counts.requests == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_only_loopback_is_listened_on() -> None:
    async def talk(port: int) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.2", port))  # in use, if the sandbox listened everywhere

    served(make_desk(), talk)
