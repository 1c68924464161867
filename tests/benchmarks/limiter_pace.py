"""How well the limiter keeps its rate and what a reservation costs.

    python -m tests.benchmarks.limiter_pace [--backend sqlite|sql|redis|memory] [--rate 38]
        [--processes 3] [--threads 4] [--seconds 10] [--json]

The bucket is kept where the settings say: set DATABASE_URL for `sql`, REDIS_URL for `redis`.
Prints one line, or one JSON object: grants ÷ allowed, the worst sliding second, the fewest and
most grants of a process, CPU milliseconds per grant (all processes, waiting included).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from popflix.lib.limiter import PacedLimiter

BUCKET = "benchmark"


def worst_second(instants: Iterable[float]) -> int:
    """The most instants within any half-open second."""
    window: deque[float] = deque()
    worst = 0
    for instant in sorted(instants):
        window.append(instant)
        while instant - window[0] >= 1.0:
            window.popleft()
        worst = max(worst, len(window))
    return worst


def acquire_for(limiter: PacedLimiter, threads: int, seconds: float) -> list[float]:
    """The instants at which `threads` threads were granted a slot."""
    instants: list[float] = []
    end = time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < end:
            limiter.acquire()
            instants.append(time.monotonic())

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return instants


def one_process(
    tell: Connection, together: Barrier, backend: str, rate: float, threads: int, seconds: float
) -> None:
    import django

    django.setup()
    from popflix.lib.limiter import build_limiter

    limiter = build_limiter(BUCKET, rate, backend=backend)
    together.wait(60)
    cpu = time.process_time()
    instants = acquire_for(limiter, threads, seconds)
    tell.send((instants, time.process_time() - cpu))
    limiter.close()


def measure(
    backend: str, rate: float, processes: int, threads: int, seconds: float
) -> dict[str, float]:
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(processes)
    started, ends = [], []
    for _ in range(processes):
        ours, theirs = spawn.Pipe(duplex=False)
        arguments = (theirs, together, backend, rate, threads, seconds)
        started.append(spawn.Process(target=one_process, args=arguments, daemon=True))
        started[-1].start()
        theirs.close()  # so that `recv` notices a child that died
        ends.append(ours)
    done = [end.recv() for end in ends]
    for process in started:
        process.join()
    instants = sorted(instant for each, _ in done for instant in each)
    return {
        "grants": len(instants),
        "efficiency": round((len(instants) - 1) / (instants[-1] - instants[0]) / rate, 4),
        "worst_second": worst_second(instants),
        "fewest": min(len(each) for each, _ in done),
        "most": max(len(each) for each, _ in done),
        "cpu_ms_per_grant": round(1000 * sum(cpu for _, cpu in done) / len(instants), 3),
    }


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="sqlite")
    parser.add_argument("--rate", type=float, default=38)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    options = vars(parser.parse_args(argv))
    as_json = options.pop("json")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "popflix.settings")
    result = options | measure(**options)
    text = json.dumps(result) if as_json else "  ".join(f"{k} {v}" for k, v in result.items())
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
