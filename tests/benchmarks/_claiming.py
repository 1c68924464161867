"""Claims batches of one provider's rows as a run does, and prints how long each took.

python -m tests.benchmarks._claiming NAME BATCHES SIZE PAUSE_SECONDS
"""

from __future__ import annotations

import json
import sys
import time

import django

LEASE_SECONDS = 600.0


def claims(name: str, batches: int, size: int, pause: float = 0.0) -> list[tuple[float, int]]:
    """Milliseconds and rows of each claim."""
    from popflix.engine.work import claim_rows
    from popflix.lib.clock import SYSTEM_CLOCK
    from sync.availability.models import Availability, Provider

    among = {"provider_id": Provider.objects.get().pk}
    told = []
    for number in range(batches):
        began = time.perf_counter()
        keys = claim_rows(
            Availability,
            token=f"{name}:{number}",
            limit=size,
            lease_seconds=LEASE_SECONDS,
            now=SYSTEM_CLOCK.now(),
            among=among,
        )
        told.append(((time.perf_counter() - began) * 1000, len(keys)))
        time.sleep(pause)
    return told


def main() -> None:
    django.setup()
    name, batches, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    pause = float(sys.argv[4])
    claims(name, 1, size)  # connects
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()  # all begin at once
    sys.stdout.write(json.dumps(claims(name, batches, size, pause)))


if __name__ == "__main__":
    main()
