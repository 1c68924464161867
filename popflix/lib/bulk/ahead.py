"""Producing the next items in a thread while the present one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.2  # how soon a producer sees that nobody waits any more
_JOIN_SECONDS = 5  # a producer that hangs in a read is left behind; it is a daemon


class _End:
    """The last thing in the queue, with what ended the producer early."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(
    items: Iterable[T], depth: int, discard: Callable[[T], object] = lambda item: None
) -> Generator[T, None, None]:
    """Yield `items` in order while a thread makes up to `depth` of them in advance.

    An error of the producer is raised here after all items that came before it. Closing the
    generator ends the thread and gives `discard` what nobody took. It pays where making or using
    an item leaves the interpreter lock (gunzip, a database driver). `items` must not touch the
    ORM: connections belong to a thread.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(depth)
    closed = threading.Event()
    thread = threading.Thread(target=_produce, args=(items, waiting, closed, discard), daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        closed.set()
        thread.join(_JOIN_SECONDS)
        while not waiting.empty():
            if not isinstance(item := waiting.get(), _End):
                discard(item)


def _produce(
    items: Iterable[T],
    waiting: queue.Queue[T | _End],
    closed: threading.Event,
    discard: Callable[[T], object],
) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not _put(waiting, item, closed):
                discard(item)
                return
    except BaseException as raised:  # handed over to the consumer, whatever it is
        error = raised
    _put(waiting, _End(error), closed)


def _put(waiting: queue.Queue[T | _End], item: T | _End, closed: threading.Event) -> bool:
    while not closed.is_set():
        try:
            waiting.put(item, timeout=_LOOK_SECONDS)
        except queue.Full:
            continue
        return True
    return False
