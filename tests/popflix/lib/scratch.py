"""A table to load rows into, on whatever database the tests use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from popflix.lib.bulk import Target

SCRATCH = Target("scratch", ("id", "name", "number"), "id")
_TABLES = (
    "CREATE TABLE scratch (id VARCHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(60), "
    "number INTEGER NOT NULL CHECK (number >= 0))",
    "CREATE TABLE scratch_parent (id VARCHAR(10) NOT NULL PRIMARY KEY)",
)


@contextmanager
def made() -> Iterator[None]:
    with connection.cursor() as cursor:
        for sql in _TABLES:
            cursor.execute(sql)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE scratch")
            cursor.execute("DROP TABLE scratch_parent")


def content() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, number FROM scratch ORDER BY id")
        return [tuple(row) for row in cursor.fetchall()]


def add(table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    marks = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
