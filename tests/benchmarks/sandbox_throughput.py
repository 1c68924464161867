"""How many requests a second the sandbox answers, and what each costs it.

Run `python -m tests.benchmarks.sandbox_throughput`; one JSON object per number of connections:
connections, latency_ms, seconds, requests, per_second, ceiling (connections / latency),
cpu_ms_per_request (the sandbox's own; null where there is no /proc).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from popflix.sandbox import Sandbox, running

TITLES = 5000


async def _client(port: int, first: int, step: int, until: float) -> int:
    """Ask for one title after the other on one connection; return how many were answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done, number = 0, first
    while time.monotonic() < until:
        path = f"/3/movie/tt99{number % TITLES + 1:06d}?append_to_response=videos"
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: sandbox\r\nAccept: application/json\r\n"
            "Authorization: Bearer any-word\r\nConnection: keep-alive\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.split(b"Content-Length: ")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
        done, number = done + 1, number + step
    writer.close()
    return done


async def _load(port: int, connections: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    clients = (_client(port, each, connections, until) for each in range(connections))
    return sum(await asyncio.gather(*clients))


def _cpu_seconds(sandbox: Sandbox) -> float | None:
    stat = Path(f"/proc/{sandbox.pid}/stat")
    if not stat.exists():
        return None
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(connections: int, *, latency_ms: float = 100, seconds: float = 5) -> dict[str, object]:
    """Load a fresh sandbox from `connections` connections at once for `seconds`."""
    with running(titles=TITLES, latency_ms=latency_ms) as sandbox:
        before = _cpu_seconds(sandbox)
        started = time.monotonic()
        requests = asyncio.run(_load(sandbox.port, connections, seconds))
        took = time.monotonic() - started
        after = _cpu_seconds(sandbox)
        cpu = None if before is None or after is None else 1000 * (after - before) / requests
        assert sandbox.report()["requests"] == requests
    return {
        "connections": connections,
        "latency_ms": latency_ms,
        "seconds": round(took, 2),
        "requests": requests,
        "per_second": round(requests / took, 1),
        "ceiling": round(1000 * connections / latency_ms) if latency_ms else None,
        "cpu_ms_per_request": cpu and round(cpu, 3),
    }


if __name__ == "__main__":
    for connections, latency_ms in ((64, 100), (128, 100), (64, 0)):
        line = json.dumps(measure(connections, latency_ms=latency_ms))
        sys.stdout.write(f"{line}\n")
