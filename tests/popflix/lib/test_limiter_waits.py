"""Threads that wait side by side count once."""

from __future__ import annotations

from popflix.lib.limiter.waits import Waits
from tests.popflix.lib.clocks import FakeClock


def test_overlapping_waits_of_one_reason_count_once() -> None:
    clock = FakeClock()
    waits = Waits(clock)
    with waits.during("pacing"):
        clock.sleep(1)
        with waits.during("pacing"):
            clock.sleep(2)
        clock.sleep(4)
    clock.sleep(8)
    with waits.during("429"):
        clock.sleep(16)
    assert waits.seconds() == {"pacing": 7, "429": 16}
