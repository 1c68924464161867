"""Empty databases of one test each, on every server popflix runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.services import servers
from tests.services.servers import Missing, Server
from tests.sync.links.adoption.scratch import Scratch, scratch_file, scratch_on_server

UNICODE = "CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"


@pytest.fixture
def maria(mariadb: Server, django_db_blocker: DjangoDbBlocker) -> Iterator[Scratch]:
    with django_db_blocker.unblock(), scratch_on_server(mariadb.url, UNICODE) as made:
        yield made


@pytest.fixture
def latin1_maria(mariadb: Server, django_db_blocker: DjangoDbBlocker) -> Iterator[Scratch]:
    """A database whose default is latin1, as old servers made them."""
    create = "CREATE DATABASE {name} CHARACTER SET latin1"
    with django_db_blocker.unblock(), scratch_on_server(mariadb.url, create) as made:
        yield made


@pytest.fixture
def postgresql(postgres: Server, django_db_blocker: DjangoDbBlocker) -> Iterator[Scratch]:
    with django_db_blocker.unblock(), scratch_on_server(postgres.url) as made:
        yield made


@pytest.fixture
def sqlite(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Scratch]:
    with django_db_blocker.unblock(), scratch_file(tmp_path / "somebody.sqlite3") as made:
        yield made


@pytest.fixture(scope="session")
def lower_case_server() -> Iterator[Server]:
    """A server of its own, because lower_case_table_names is set once and for all."""
    spawn = servers._spawn
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("POPFLIX_TEST_MARIADB_URL", raising=False)
        patch.setattr(
            servers, "_spawn", lambda command: spawn([*command, "--lower-case-table-names=1"])
        )
        try:
            server = servers.start_mariadb()
        except Missing as missing:
            pytest.skip(str(missing))
    yield server
    server.stop()


@pytest.fixture
def lower_case_maria(
    lower_case_server: Server, django_db_blocker: DjangoDbBlocker
) -> Iterator[Scratch]:
    with django_db_blocker.unblock(), scratch_on_server(lower_case_server.url, UNICODE) as made:
        yield made
