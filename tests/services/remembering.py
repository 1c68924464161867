"""What Django and WhiteNoise do anew for every test, done once: it costs more than most tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections
from whitenoise.middleware import WhiteNoiseMiddleware

Tables = dict[str, list[tuple[Any, ...]]]


@contextmanager
def static_files_found_once() -> Iterator[None]:
    """Every test client sets WhiteNoise up, which looks for all static files: a dozen ms."""
    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def find_once(self: Any) -> None:
        if not found:
            others, self.files = self.files, {}
            find(self)
            found.update(self.files)
            self.files = others
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", find_once)
        yield


@contextmanager
def rows_of_migrating_kept() -> Iterator[None]:
    """A test with transactions ends with emptied tables, which migrating's receivers fill again:
    content types, permissions and groups, in some 200 queries. From the second time on the rows
    of the first are put back, under the same keys.
    """
    fill = emit_post_migrate_signal
    kept: dict[str, Tables] = {}

    def fill_again(verbosity: int, interactive: bool, db: str, **options: Any) -> None:
        name = str(connections[db].settings_dict["NAME"])
        if name in kept:
            _put_back(connections[db], kept[name])
            ContentType.objects.clear_cache()
            return
        fill(verbosity, interactive, db, **options)
        kept[name] = _filled(connections[db])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", fill_again)
        yield


def _filled(connection: Any) -> Tables:
    found: Tables = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if rows := [tuple(map(_written, row)) for row in cursor.fetchall()]:
                found[table] = rows
    return found


def _written(value: object) -> object:
    """As any database takes it; what is read of others is taken as it is."""
    return str(value) if isinstance(value, dt.datetime) else value


def _put_back(connection: Any, tables: Tables) -> None:
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table, rows in tables.items():
            marks = ", ".join(["%s"] * len(rows[0]))
            quoted = connection.ops.quote_name(table)
            cursor.executemany(f"INSERT INTO {quoted} VALUES ({marks})", rows)
