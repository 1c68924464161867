"""What drivers say, in an operator's words: first their texts, then the drivers themselves."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError, connections
from pytest_django import DjangoDbBlocker

from popflix.lib.databases import database_settings
from popflix.lib.errors import EXIT_ERROR, OperatorError
from popflix.lib.explain import explain
from tests.services.plugin import require
from tests.services.servers import free_port


@pytest.mark.parametrize(
    ("error", "cause", "cure"),
    [
        (OperationalError(1054, "Unknown column 'x'"), "schema is behind", "migrate"),
        (OperationalError("column t.x does not exist\nLINE 1"), "schema is behind", "migrate"),
        (OperationalError(2006, "Server has gone away"), "cannot be reached", "Start the"),
        (OperationalError(2013, "Lost connection to server"), "cannot be reached", "Start the"),
        (OperationalError("database is locked"), "holds the SQLite database", "Wait"),
        (OperationalError("attempt to write a readonly database"), "cannot be used", "may write"),
        (OperationalError('FATAL: database "timetable" does not exist'), "not exist", "Create"),
        (OperationalError('FATAL: role "x" does not exist'), "refused the user", "DB_USER"),
        (ImproperlyConfigured("Error loading MySQLdb module."), "mysqlclient", "make setup"),
        (ImproperlyConfigured("Error loading psycopg2 or psycopg"), "PostgreSQL driver", "setup"),
        (DatabaseError(), "DatabaseError: no details", "--traceback"),
        (ValueError("what\n is  this"), "ValueError: what is this", "--traceback"),
    ],
)  # fmt: skip
def test_a_text_has_its_cause_and_cure(error: Exception, cause: str, cure: str) -> None:
    told = explain(error)
    assert cause in told.cause
    assert cure in told.cure
    assert told.exit_code == EXIT_ERROR
    assert "\n" not in str(told)


def test_an_error_that_already_has_both_stays() -> None:
    error = OperatorError("a", "b", exit_code=3)
    assert explain(error) is error
    assert str(error) == "a b"


def test_a_mysql_error_is_told_with_its_number_last() -> None:
    told = explain(OperationalError(1205, "Lock wait\n timeout exceeded"))
    assert told.cause == "OperationalError: Lock wait timeout exceeded [1205]."


def test_a_password_in_a_driver_s_text_is_masked() -> None:
    told = explain(OperationalError("no route for mysql://site:hush-hush@db/films"))
    assert "hush-hush" not in told.cause


def failure_of(url: str, sql: str = "SELECT 1", **options: Any) -> OperatorError:
    """What `sql` on a fresh connection to `url` ends in, explained."""
    alias = f"broken_{uuid.uuid4().hex[:8]}"
    config = database_settings(dict(environ.Env.db_url_config(url)))
    both = {"default": connections.settings["default"], alias: config}
    connections.settings.update(connections.configure_settings(both))
    try:
        with pytest.raises(DatabaseError) as caught, connections[alias].cursor() as cursor:
            cursor.execute(sql)
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]
    return explain(caught.value)


SERVERS = [
    pytest.param("mariadb", marks=pytest.mark.mariadb),
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_is_down_is_unreachable(
    name: str, django_db_blocker: DjangoDbBlocker
) -> None:
    scheme = require(name).url.split("://")[0]
    with django_db_blocker.unblock():
        told = failure_of(f"{scheme}://site:x@127.0.0.1:{free_port()}/films")
    assert "cannot be reached" in told.cause


@pytest.mark.parametrize("name", SERVERS)
def test_a_database_that_is_not_there_is_named(
    name: str, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        told = failure_of(f"{require(name).url}/no_such_films")
    assert "The database does not exist" in told.cause
    assert "no_such_films" in told.cause


@pytest.mark.parametrize("name", SERVERS)
def test_a_wrong_user_is_refused(name: str, django_db_blocker: DjangoDbBlocker) -> None:
    scheme, _, rest = require(name).url.partition("://")
    with django_db_blocker.unblock():
        told = failure_of(f"{scheme}://nobody_known:x@{rest.split('@')[1]}/films")
    assert "refused the user or password" in told.cause


@pytest.mark.parametrize(("name", "database"), [("mariadb", "mysql"), ("postgres", "postgres")])
def test_a_missing_table_means_a_migration(
    name: str, database: str, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        told = failure_of(f"{require(name).url}/{database}", "SELECT * FROM no_such_table")
    assert "schema is behind" in told.cause


@pytest.mark.parametrize(
    ("content", "sql", "cause"),
    [
        (b"", "SELECT * FROM no_such_table", "schema is behind"),
        (b"no database " * 500, "SELECT * FROM x", "cannot be used"),
    ],
)
def test_a_wrong_sqlite_file_is_named(
    content: bytes, sql: str, cause: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    path = tmp_path / "films.sqlite3"
    path.write_bytes(content)
    with django_db_blocker.unblock():
        assert cause in failure_of(f"sqlite:///{path}", sql).cause


def test_an_sqlite_path_that_is_a_folder_is_named(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        assert "SQLite database cannot be used" in failure_of(f"sqlite:///{tmp_path}").cause
