"""Trying a transaction again that the database rolled back because of another one's locks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError

T = TypeVar("T")
log = logging.getLogger(__name__)
_TRIES = 4
_PAUSE_SECONDS = 0.05
# MariaDB: deadlock (1213), lock wait time-out (1205); PostgreSQL: its SQLSTATEs of the same.
_CODES = frozenset({1205, 1213, "40P01", "40001", "55P03"})


def again_when_locked(transaction: Callable[[], T]) -> T:
    """Run the transaction, up to four times when it lost against locks.

    Only where the database has certainly rolled it back whole; all else is raised as it came.
    """
    for n in range(1, _TRIES):
        try:
            return transaction()
        except OperationalError as error:
            if not lost_against_locks(error):
                raise
            log.info("locked, trying again (%s): %s", n, error)
            time.sleep(_PAUSE_SECONDS * n)
    return transaction()


def lost_against_locks(error: OperationalError) -> bool:
    """Whether the database undid the whole transaction for another one's sake."""
    code = error.args[0] if error.args else None
    cause = getattr(error.__cause__, "sqlstate", None)
    return code in _CODES or cause in _CODES or "database is locked" in str(error)
