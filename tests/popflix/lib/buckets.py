"""A bucket on each backend, for tests that hold on all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import environ
import pytest
from django.db import connections

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.databases import database_settings
from popflix.lib.limiter.store import MemoryStore, Store
from popflix.lib.models import Bucket
from tests.services.plugin import require
from tests.site import create_mysql_database

MakeStore = Callable[[str, float], Store]

BACKENDS = [
    "memory",
    "sqlite",
    pytest.param("mariadb", marks=pytest.mark.mariadb),
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("redis", marks=pytest.mark.redis),
]
SHARED_BACKENDS = [backend for backend in BACKENDS if backend != "memory"]
DIALECT = {"mariadb": "mysql", "postgres": "postgresql"}


def database_url(backend: str) -> str:
    """An empty database of its own on the private server."""
    server = require(backend)
    if backend == "mariadb":
        return create_mysql_database(server.url)
    import psycopg

    name = f"limiter_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server.url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server.url}/{name}"


@contextmanager
def alias_with_bucket(url: str, alias: str) -> Iterator[None]:
    """Register the database under `alias` and create the bucket's table in it."""
    config = database_settings(dict(environ.Env.db_url_config(url)))
    default = connections.settings["default"]
    connections.settings.update(
        connections.configure_settings({"default": default, alias: config})
    )
    try:
        with connections[alias].schema_editor() as editor:
            editor.create_model(Bucket)
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@contextmanager
def stores(backend: str, folder: Path) -> Iterator[MakeStore]:
    """Yield a maker of stores of one backend that share what they keep."""
    made: list[Store] = []
    memory: dict[str, Store] = {}

    def remember(make: MakeStore) -> MakeStore:
        def made_store(name: str, rate: float) -> Store:
            made.append(make(name, rate))
            return made[-1]

        return made_store

    try:
        if backend == "memory":
            yield lambda name, rate: memory.setdefault(name, MemoryStore(rate, SYSTEM_CLOCK))
        elif backend == "sqlite":
            from popflix.lib.limiter.sqlite import SqliteStore

            path = folder / "var" / "limiter.sqlite3"
            yield remember(lambda name, rate: SqliteStore(path, name, rate, SYSTEM_CLOCK))
        elif backend == "redis":
            from popflix.lib.limiter.redis import RedisStore

            url, prefix = require("redis").url, uuid.uuid4().hex
            yield remember(lambda name, rate: RedisStore(url, prefix + name, rate))
        else:
            from popflix.lib.limiter.sql import DIALECTS, SqlStore

            alias, dialect = f"limiter_{backend}", DIALECTS[DIALECT[backend]]
            with alias_with_bucket(database_url(backend), alias):
                yield remember(lambda name, rate: SqlStore(alias, dialect, name, rate))
    finally:
        for store in made:
            store.close()
