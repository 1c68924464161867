"""Connections that no fork and no thread ever shares."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_pools: weakref.WeakSet[PerThread[Any]] = weakref.WeakSet()
_inherited: list[object] = []


class PerThread(Generic[T]):
    """One `T` for each thread of each process, made when first asked for.

    A thread that ended leaves its `T` to the next thread with its number, so there are never
    more than threads ran at once. `close` must not run beside threads that still use theirs.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], None]) -> None:
        self._make = make
        self._close = close
        self._made: dict[tuple[int, int], T] = {}
        _pools.add(self)

    def get(self) -> T:
        key = (os.getpid(), threading.get_ident())
        try:
            return self._made[key]
        except KeyError:
            made = self._made[key] = self._make()
            return made

    def discard(self) -> None:
        """Close what the calling thread holds, so that the next `get` makes a new one."""
        found = self._made.pop((os.getpid(), threading.get_ident()), None)
        if found is not None:
            self._close(found)

    def mine(self) -> list[T]:
        """What the threads of this process hold now."""
        pid = os.getpid()
        return [held for (owner, _), held in list(self._made.items()) if owner == pid]

    def close(self) -> None:
        """Close everything of this process; `get` works again afterwards."""
        for key in [key for key in self._made if key[0] == os.getpid()]:
            self._close(self._made.pop(key))

    def keep_inherited(self) -> None:
        _inherited.extend(self._made.values())
        self._made.clear()


def _keep_inherited() -> None:
    # A forked child must never finalise the parent's connections: a MariaDB client would say
    # goodbye on the socket that both share, and the parent's next statement would fail.
    for pool in list(_pools):
        pool.keep_inherited()


os.register_at_fork(after_in_child=_keep_inherited)
