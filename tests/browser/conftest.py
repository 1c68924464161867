"""One served site and one Chromium for all tests of a process; a fresh, watched window for each.

The tier runs in a pass of its own (tests/run.py): playwright keeps an event loop running in the
thread of the tests, beside which nothing else that needs one can be tested.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import launched
from tests.browser.served import NAME, PASSWORD, Served, served_site
from tests.browser.visitor import Visitor
from tests.services.plugin import require
from tests.services.servers import Missing
from tests.site import create_mysql_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser, StorageState


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last of all, where they are in one pass with other tests."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        with launched() as browser:
            yield browser
    except Missing as missing:
        if os.environ.get("POPFLIX_REQUIRE_SERVICES") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def served(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """On MariaDB where that is asked for, as the tests beside this tier are."""
    is_mariadb = os.environ.get("POPFLIX_TEST_DATABASE") == "mariadb"
    url = create_mysql_database(require("mariadb").url) if is_mariadb else ""
    with served_site(tmp_path_factory.mktemp("site"), url) as site:
        yield site


@pytest.fixture(scope="session")
def logged_in(chromium: Browser, served: Served) -> StorageState:
    """The cookies of a session; logging in costs half a second of hashing."""
    with Visitor.arriving(chromium, served) as visitor:
        visitor.log_in(NAME, PASSWORD)
        return visitor.page.context.storage_state()


@pytest.fixture
def visitor(chromium: Browser, served: Served, logged_in: StorageState) -> Iterator[Visitor]:
    """Somebody who is logged in; the test fails on whatever went wrong on a page meanwhile."""
    with Visitor.arriving(chromium, served, logged_in) as arrived:
        yield arrived
        assert arrived.watch.found() == []


@pytest.fixture
def stranger(chromium: Browser, served: Served) -> Iterator[Visitor]:
    with Visitor.arriving(chromium, served) as arrived:
        yield arrived
        assert arrived.watch.found() == []
