"""Which mirror is asked next, and when all must be spared."""

from __future__ import annotations

import pytest

from popflix.lib.errors import OperatorError
from popflix.lib.limiter import Parked
from sync.availability.mirrors import Mirror, Mirrors
from sync.availability.rotation import (
    MirrorHealth,
    after_answer,
    after_fault,
    after_limit,
    choose_mirror,
    wait_seconds,
)
from tests.popflix.lib.clocks import FakeClock
from tests.sync.availability.configs import URL, config

LABELS = ["m1.example", "m2.example:81/a", "m3.example"]
THREE = config(URL, mirrors=[f"https://{label}" for label in LABELS])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def mirrors(clock: FakeClock) -> Mirrors:
    return Mirrors(THREE, clock, random01=lambda: 0.5)


def test_mirrors_take_turns(mirrors: Mirrors) -> None:
    assert [mirrors.take().label for _ in range(4)] == [*LABELS, LABELS[0]]
    assert mirrors.take().base == "https://m2.example:81/a"


def test_without_mirrors_the_templates_own_host_is_asked_without_end(clock: FakeClock) -> None:
    alone = Mirrors(config(URL), clock)
    only = alone.take()
    assert only == Mirror(0, "", "https://player.example")
    for _ in range(9):
        alone.failed(only)
        assert alone.limited(only, 60.0) == 0
    assert alone.take() == only


def test_a_429_spares_that_mirror_alone_for_as_long_as_it_asks(
    mirrors: Mirrors, clock: FakeClock
) -> None:
    assert mirrors.limited(mirrors.take(), 30.0) == 0
    assert [mirrors.take().label for _ in range(4)] == LABELS[1:] * 2
    clock.passed = 30.0
    assert LABELS[0] in {mirrors.take().label for _ in range(3)}


def test_where_all_mirrors_must_be_spared_nobody_is_asked(
    mirrors: Mirrors, clock: FakeClock
) -> None:
    waits = [mirrors.limited(mirrors.take(), seconds) for seconds in (30.0, 20.0, 40.0)]
    assert waits == [0, 0, 20]
    clock.passed = 5.0
    with pytest.raises(Parked, match="all mirrors of player answered 429") as parked:
        mirrors.take()
    assert parked.value.wait_seconds == 15
    clock.passed = 20.0
    assert mirrors.take().label == LABELS[1]


def test_a_mirror_may_be_demanded_without_moving_the_turn(mirrors: Mirrors) -> None:
    assert mirrors.take(LABELS[2]).label == LABELS[2]
    assert mirrors.take().label == LABELS[0]


def test_a_demanded_mirror_that_is_spared_is_waited_for(mirrors: Mirrors) -> None:
    mirrors.limited(mirrors.take(LABELS[1]), 12.0)
    with pytest.raises(Parked, match=r"player's mirror m2\.example:81/a") as parked:
        mirrors.take(LABELS[1])
    assert parked.value.wait_seconds == 12


def test_a_mirror_that_is_not_configured_is_named(mirrors: Mirrors) -> None:
    with pytest.raises(OperatorError, match=r"has no mirror m9\.example\. It has m1\.example, "):
        mirrors.take("m9.example")


def test_a_mirror_is_spared_after_five_faults_in_a_row(mirrors: Mirrors, clock: FakeClock) -> None:
    sick = mirrors.take(LABELS[0])
    for _ in range(4):
        mirrors.failed(sick)
    mirrors.answered(sick)
    for _ in range(4):
        mirrors.failed(sick)
    assert mirrors.take(LABELS[0]) == sick
    mirrors.failed(sick)
    with pytest.raises(Parked) as parked:
        mirrors.take(LABELS[0])
    assert parked.value.wait_seconds == 2.5  # half, by the jitter, of 5


def test_pauses_without_a_stated_wait_grow_up_to_five_minutes() -> None:
    health, now, pauses = MirrorHealth(), 0.0, []
    for _ in range(9):
        health = after_limit(health, now, retry_after=None, random01=1.0)
        pauses.append(health.spared_until - now)
        now = health.spared_until
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    faulty, faults = MirrorHealth(), []
    for _ in range(7):
        faulty = after_fault(faulty, 0.0, random01=1.0)
        faults.append(faulty.spared_until)
        faulty = MirrorHealth(0.0, faulty.faults, faulty.limits)
    assert faults == [0, 0, 0, 0, 5, 10, 20]


def test_a_pause_is_never_none_at_all() -> None:
    assert after_limit(MirrorHealth(), 7.0, retry_after=None, random01=0.0).spared_until == 8


def test_the_429s_of_one_incident_count_once() -> None:
    first = after_limit(MirrorHealth(), 0.0, retry_after=None, random01=1.0)
    assert after_limit(first, 1.0, retry_after=None, random01=1.0) == first
    longer = after_limit(first, 1.0, retry_after=60.0, random01=1.0)
    assert (longer.spared_until, longer.limits) == (61.0, 1)
    assert after_limit(longer, 2.0, retry_after=1.0, random01=1.0).spared_until == 61.0


def test_an_answer_that_was_under_way_does_not_end_a_pause() -> None:
    spared = MirrorHealth(50.0, faults=2, limits=1)
    assert after_answer(spared) == MirrorHealth(50.0)


def test_a_fault_of_a_spared_mirror_prolongs_nothing() -> None:
    assert after_fault(MirrorHealth(50.0, faults=9), 10.0, random01=1.0).spared_until == 50.0


def test_the_next_that_may_be_asked_is_chosen() -> None:
    healths = [MirrorHealth(5.0), MirrorHealth(), MirrorHealth(9.0)]
    assert choose_mirror(healths, 2, 0.0) == 1
    assert choose_mirror(healths[:1], 7, 4.9) is None
    assert choose_mirror(healths[:1], 7, 5.0) == 0
    assert wait_seconds([healths[0], healths[2]], 1.0) == 4
