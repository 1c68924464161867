"""Which child processes coverage measures: it doubles what the start of a process costs.

What most of them do, tests in the process of pytest do as well. Tests of what only children do
(signals, the supervisor, the queue's workers) are marked `measured`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Where one is set, a starting Python measures itself (`patch = ["subprocess"]`).
_ASKED_BY = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


@contextmanager
def children(*, measured: bool) -> Iterator[None]:
    """Those that inherit the environment within the block; none where nothing is measured."""
    kept = {name: os.environ[name] for name in _ASKED_BY if name in os.environ}
    if not measured:
        for name in kept:
            del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(kept)
