"""No more requests at once than allowed, and the writer's controls come to their turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

from sync.availability.gate import Gated
from sync.availability.types import Checked, Checker, Target

WAIT_SECONDS = 10.0
CONTROL, TITLE = Target("movie", 1), Target("movie", 2)


class Slow:
    """Answers a request when the test says so; keeps the order in which they came in."""

    request_count = 0

    def __init__(self) -> None:
        self.asked: list[Target] = []
        self.came = threading.Semaphore(0)
        self.may_answer = threading.Semaphore(0)

    def check(self, target: Target, lane: int, **_: Any) -> Checked:
        self.asked.append(target)
        self.came.release()
        assert self.may_answer.acquire(timeout=WAIT_SECONDS)
        return cast(Checked, target)


def test_controls_do_not_wait_until_the_pool_has_nothing_more_to_ask() -> None:
    slow = Slow()
    gated = Gated(cast(Checker, slow), most=1)

    def ask_for_ever() -> None:
        for _ in range(6):
            gated.check(TITLE, 3)

    pool = in_a_thread(ask_for_ever)
    assert slow.came.acquire(timeout=WAIT_SECONDS)
    writer = in_a_thread(lambda: gated.check(CONTROL, 0))
    until(lambda: len(gated._waiting) == 1)
    for _ in range(7):
        slow.may_answer.release()
    for thread in (pool, writer):
        thread.join(WAIT_SECONDS)
    assert slow.asked == [TITLE, CONTROL, *[TITLE] * 5]


def test_a_request_that_fails_gives_its_place_back() -> None:
    class Broken(Slow):
        def check(self, target: Target, lane: int, **_: Any) -> Checked:
            self.asked.append(target)
            raise ValueError("broken")

    broken = Broken()
    gated = Gated(cast(Checker, broken), most=1)
    for _ in range(3):
        try:
            gated.check(TITLE, 3)
        except ValueError:
            continue
    assert broken.asked == [TITLE] * 3


def in_a_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(WAIT_SECONDS * 1000)):
        if holds():
            return
        pause.wait(0.001)
    raise AssertionError("it never came to it")
