"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.services.plugin import require
from tests.services.remembering import rows_of_migrating_kept, static_files_found_once
from tests.services.templates import migrated_once
from tests.site import Site, create_mysql_database


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of its own, once on SQLite and once on MariaDB."""
    if request.param == "sqlite":
        return ""
    return create_mysql_database(require("mariadb").url)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    """A migrated site, on each database."""
    made = Site(tmp_path, database_url)
    made.migrate()
    return made


@pytest.fixture
def operator(client: Client) -> Client:
    """A browser in which somebody is logged in who may do everything."""
    client.force_login(User.objects.create_superuser("ada"))
    return client


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """The last thing that pytest-django asks for before it makes the test database."""
    with migrated_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def what_is_the_same_for_every_test() -> Iterator[None]:
    with static_files_found_once(), rows_of_migrating_kept():
        yield


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings; licences forbid to ship them."""
    folder = os.environ.get("POPFLIX_RECORDINGS", "")
    if not folder:
        pytest.skip("POPFLIX_RECORDINGS names no folder of real recordings")
    return Path(folder)
