"""Doing a short transaction again when the server broke a deadlock by sacrificing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError

T = TypeVar("T")

_TRIES = 4
_DEADLOCK, _LOCK_WAIT = 1213, 1205  # MySQL, MariaDB
_DEADLOCK_STATES = ("40P01", "40001")  # PostgreSQL


def again_after_deadlock(transaction: Callable[[], T]) -> T:
    """Run `transaction`, which must be whole and rolled back on errors, up to four times."""
    for _ in range(_TRIES - 1):
        try:
            return transaction()
        except OperationalError as error:
            if not _is_deadlock(error):
                raise
    return transaction()


def _is_deadlock(error: OperationalError) -> bool:
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _DEADLOCK_STATES or (error.args[:1] or (0,))[0] in (_DEADLOCK, _LOCK_WAIT)
