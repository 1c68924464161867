"""Waiting for the database: a cluster that is started without one never recovers."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection

from popflix.lib.command import StopRequest, require_current_schema
from popflix.lib.errors import OperatorError
from popflix.lib.explain import explain

LONGEST_SECONDS = 10.0


def wait_for_database(stop: StopRequest, say: Callable[[str], None]) -> bool:
    """Until the database answers and is migrated, saying what is missing; False: stopped."""
    seconds, told = 1.0, ""
    while not stop:
        missing = _what_is_missing()
        if missing is None:
            return True
        if missing.cause != told:
            say(f"Waiting for the database: {missing.cause} {missing.cure}")
            told = missing.cause
        stop.wait(seconds)
        seconds = min(seconds * 2, LONGEST_SECONDS)
    return False


def _what_is_missing() -> OperatorError | None:
    try:
        require_current_schema()
    except (OperatorError, DatabaseError, InterfaceError) as error:
        return explain(error)
    finally:
        connection.close()  # the clusters that are forked next must not share it
    return None
