"""Nothing is shared between threads, and nothing outlives its close."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from popflix.lib import per_thread
from popflix.lib.per_thread import PerThread


class Made:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def in_another_thread(body: Callable[[], Made]) -> Made:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(body).result()


def test_a_thread_keeps_its_own() -> None:
    pool = PerThread(Made, Made.close)
    assert pool.get() is pool.get()


def test_two_threads_at_once_have_two() -> None:
    pool = PerThread(Made, Made.close)
    together = threading.Barrier(2)

    def get() -> Made:
        made = pool.get()
        together.wait()
        return made

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(get), threads.submit(get)
    assert first.result() is not second.result()
    assert len(pool.mine()) == 2


def test_a_discarded_one_is_closed_and_replaced() -> None:
    pool = PerThread(Made, Made.close)
    first = pool.get()
    pool.discard()
    assert first.closed
    assert pool.get() is not first


def test_to_discard_where_nothing_is_held_is_harmless() -> None:
    pool = PerThread(Made, Made.close)
    pool.discard()
    assert pool.mine() == []


def test_close_ends_those_of_every_thread() -> None:
    pool = PerThread(Made, Made.close)
    mine, other = pool.get(), in_another_thread(pool.get)
    pool.close()
    assert mine.closed
    assert other.closed
    assert pool.mine() == []


def test_what_a_fork_inherits_is_neither_used_nor_closed() -> None:
    pool = PerThread(Made, Made.close)
    inherited = pool.get()
    per_thread._keep_inherited()  # what a forked child does first
    assert pool.get() is not inherited
    pool.close()
    assert not inherited.closed
