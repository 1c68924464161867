"""Prepares the test process before Django's settings are read.

Loaded by `-p tests.services.plugin`. The tests see nothing of the operator's own `.env`, var
folder or keys. POPFLIX_TEST_DATABASE=mariadb makes a private MariaDB the default database
(the second pass of `make test`); POPFLIX_REQUIRE_SERVICES=1 turns a missing service from a
skip into a failure.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services import measuring
from tests.services.servers import STARTERS, Missing, Server

_VAR = tempfile.mkdtemp(prefix="popflix-test-var-")
atexit.register(shutil.rmtree, _VAR, ignore_errors=True)
_OPERATORS_OWN = ("DATABASE_URL", "DB_HOST", "DB_NAME", "REDIS_URL", "TMDB_READ_TOKEN",
                  "TMDB_API_KEY", "TMDB_BASE_URL", "OMDB_API_KEY", "OMDB_BASE_URL")  # fmt: skip
_running: dict[str, Server] = {}


def service(name: str) -> Server:
    """Start a service once per test session. Raises Missing where the machine lacks it."""
    if name not in _running:
        _running[name] = STARTERS[name]()
        atexit.register(_running[name].stop)
    return _running[name]


def _prepare_environment() -> None:
    # WhiteNoise warns where the folder is missing, and a warning fails a test.
    (Path(_VAR) / "static").mkdir()
    for variable in _OPERATORS_OWN:
        os.environ.pop(variable, None)
    os.environ.update(
        POPFLIX_DOTENV=os.devnull,
        POPFLIX_VAR=_VAR,
        SECRET_KEY="only-for-tests",
        LOG_LEVEL="WARNING",
    )
    if os.environ.get("POPFLIX_TEST_DATABASE") == "mariadb":
        os.environ["DATABASE_URL"] = service("mariadb").url + "/popflix"


_prepare_environment()


def _has_mariadb() -> bool:
    return bool(os.environ.get("POPFLIX_TEST_MARIADB_URL") or shutil.which("mariadbd"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is marked `either` runs on MariaDB in `make test`, and on SQLite in `make soak`; where
    there is no MariaDB, on SQLite."""
    later = "sqlite" if _has_mariadb() else "mariadb"
    is_second_pass = os.environ.get("POPFLIX_TEST_DATABASE") == "mariadb"
    for item in items:
        called = getattr(item, "callspec", None)
        if is_second_pass and "database_url" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.soak)  # a site's own database: the first pass had both
        if called and item.get_closest_marker("either") and later in called.id.split("-"):
            item.add_marker(pytest.mark.soak)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage measures the child processes of those tests alone that are marked `measured`."""
    with measuring.children(measured=item.get_closest_marker("measured") is not None):
        return (yield)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector need not look at it."""
    gc.collect()
    gc.freeze()


def require(name: str) -> Server:
    """The started service; else the test is skipped, or fails where services are required."""
    try:
        return service(name)
    except Missing as missing:
        if os.environ.get("POPFLIX_REQUIRE_SERVICES") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def mariadb() -> Server:
    return require("mariadb")


@pytest.fixture(scope="session")
def postgres() -> Server:
    return require("postgres")


@pytest.fixture(scope="session")
def redis_server() -> Server:
    return require("redis")


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """A test that would reach the network fails with the address it wanted."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        if self.family != socket.AF_UNIX and host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to connect to {host}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
