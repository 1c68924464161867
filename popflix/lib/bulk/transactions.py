"""One transaction on any connection, also on one that Django's `atomic` does not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def transaction(connection: BaseDatabaseWrapper, *, keep: bool = True) -> Iterator[None]:
    """Commit what the block does, or roll it back on an error and where `keep` is False.

    Inside a transaction of the caller it is a savepoint.
    """
    if connection.in_atomic_block:
        with _savepoint(connection, keep=keep):
            yield
        return
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    else:
        (connection.commit if keep else connection.rollback)()
    finally:
        connection.set_autocommit(True)


@contextmanager
def _savepoint(connection: BaseDatabaseWrapper, *, keep: bool) -> Iterator[None]:
    mark = str(connection.savepoint())
    try:
        yield
    except BaseException:
        connection.savepoint_rollback(mark)
        raise
    (connection.savepoint_commit if keep else connection.savepoint_rollback)(mark)
