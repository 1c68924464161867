"""What is tried again when it lost against another transaction's locks, and what is not."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from popflix.lib.locks import again_when_locked, lost_against_locks


class Transaction:
    """Fails as often as it is told."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


DEADLOCK = (1213, "Deadlock found when trying to get lock; try restarting transaction")


def test_a_deadlock_victim_tries_again() -> None:
    victim = Transaction(OperationalError(*DEADLOCK), OperationalError("database is locked"))
    assert again_when_locked(victim) == "done"
    assert victim.calls == 3


def test_a_fourth_deadlock_is_told() -> None:
    victim = Transaction(*[OperationalError(*DEADLOCK)] * 4)
    with pytest.raises(OperationalError):
        again_when_locked(victim)
    assert victim.calls == 4


def test_what_may_have_been_committed_is_never_tried_again() -> None:
    cut_off = Transaction(OperationalError(2013, "Lost connection to server during query"))
    with pytest.raises(OperationalError):
        again_when_locked(cut_off)
    assert cut_off.calls == 1


def test_postgres_tells_a_deadlock_by_its_sqlstate() -> None:
    class DriverError(Exception):
        sqlstate = "40P01"

    error = OperationalError("deadlock detected")
    error.__cause__ = DriverError()
    assert lost_against_locks(error)
    assert not lost_against_locks(OperationalError())
