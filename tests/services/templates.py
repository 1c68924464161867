"""The migrated database of pytest's processes, made by one of them and copied by the others."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management.commands.migrate import Command
from django.db import connections

from tests.site import SHARED, copy_mysql, create_mysql_database, shared


@contextmanager
def migrated_once() -> Iterator[None]:
    """All migrations take seconds; a copy of what they made takes none.

    Only the making of a test database is meant (`run_syncdb`): `migrate` in a test migrates.
    Without a folder to share by, each process migrates.
    """
    migrate = Command.handle

    def copy(self: Command, *arguments: Any, **options: Any) -> None:
        def make() -> str:
            migrate(self, *arguments, **options)
            return _put_aside(connection)

        connection = connections[options["database"]]
        if not (SHARED and options["run_syncdb"]):
            migrate(self, *arguments, **options)
            return
        _fill(connection, shared(f"test database on {connection.vendor}", make))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Command, "handle", copy)
        yield


def _put_aside(connection: Any) -> str:
    """A copy that no test reaches; returns where it is."""
    if connection.vendor == "mysql":
        template = create_mysql_database(_server())
        copy_mysql(f"{_server()}/{connection.settings_dict['NAME']}", template)
        return template
    path = Path(SHARED, "test-database.sqlite3")
    with closing(sqlite3.connect(path)) as template_file:
        connection.ensure_connection()
        connection.connection.backup(template_file)
    return str(path)


def _fill(connection: Any, template: str) -> None:
    """The process that made the template is filled already."""
    if connection.introspection.table_names():
        return
    if connection.vendor == "mysql":
        copy_mysql(template, f"{_server()}/{connection.settings_dict['NAME']}")
        return
    with closing(sqlite3.connect(template)) as template_file:
        template_file.backup(connection.connection)


def _server() -> str:
    return os.environ["DATABASE_URL"].rpartition("/")[0]
