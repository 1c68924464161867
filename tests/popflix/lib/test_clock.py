"""The machine's clock."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from popflix.lib.clock import SYSTEM_CLOCK
from tests.popflix.lib.clocks import NOON


@time_machine.travel(NOON, tick=False)
def test_now_is_aware_utc() -> None:
    assert SYSTEM_CLOCK.now() == NOON
    assert SYSTEM_CLOCK.now().tzinfo is dt.UTC


def test_sleep_takes_what_it_says_and_nothing_for_what_is_past() -> None:
    before = SYSTEM_CLOCK.monotonic()
    SYSTEM_CLOCK.sleep(-1)
    SYSTEM_CLOCK.sleep(0.01)
    assert SYSTEM_CLOCK.monotonic() - before >= 0.01


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
def test_the_local_zone_does_not_matter(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    assert SYSTEM_CLOCK.now().utcoffset() == dt.timedelta(0)
