"""Home while things happen to it: a server that comes back, a tab nobody sees, a session ends."""

from __future__ import annotations

import os
import signal

import pytest

from tests.browser.served import Served
from tests.browser.visitor import Visitor
from tests.popflix.console.serving import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories")]
LOST = "html.connection-lost"
_SHOW = """hidden => {
  Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def asked(visitor: Visitor) -> int:
    """How often a panel of home was asked for."""
    return sum("/panels/" in url for url in visitor.watch.requests)


def wait_for_panels(visitor: Visitor, count: int = 1) -> None:
    until = asked(visitor) + count
    for _ in range(200):
        if asked(visitor) >= until:
            return
        visitor.page.wait_for_timeout(100)
    raise AssertionError("home does not ask any more")


def test_home_goes_on_when_the_web_server_was_replaced(visitor: Visitor, served: Served) -> None:
    visitor.go_home()
    wait_for_panels(visitor)
    visitor.ask("window.isTheSamePage = true")
    web = served.process.child("gunicorn")
    assert web is not None
    os.killpg(web, signal.SIGKILL)
    wait_for(lambda: served.process.child("gunicorn") not in (None, web))
    with visitor.page.expect_response(lambda answer: "/panels/" in answer.url and answer.ok):
        pass
    assert visitor.ask("window.isTheSamePage") is True
    visitor.watch.forget()  # what was asked of the killed server has failed


def test_home_says_that_it_has_no_connection_and_finds_it_again(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go_home()
    page.context.set_offline(True)
    page.locator(LOST).wait_for()
    page.context.set_offline(False)
    page.locator(LOST).wait_for(state="detached")
    visitor.watch.forget()  # the browser tells of each request that found no network


def test_a_proxy_that_finds_no_web_server_is_no_connection_either(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go_home()
    page.route("**/panels/**", lambda route: route.fulfill(status=502, body="Bad gateway"))
    page.locator(LOST).wait_for()
    page.unroute("**/panels/**")
    page.locator(LOST).wait_for(state="detached")
    visitor.watch.forget()  # the browser tells of each request that was answered so


def test_a_tab_that_nobody_sees_asks_nothing_and_asks_at_once_when_it_is_seen(
    visitor: Visitor,
) -> None:
    visitor.go_home()
    wait_for_panels(visitor)
    visitor.page.evaluate(_SHOW, True)
    visitor.page.wait_for_timeout(500)  # what was under way
    before = asked(visitor)
    visitor.page.wait_for_timeout(4000)  # longer than any panel waits
    assert asked(visitor) == before
    with visitor.page.expect_request(lambda request: "/panels/" in request.url, timeout=1000):
        visitor.page.evaluate(_SHOW, False)


def test_the_end_of_a_session_leads_to_the_login(visitor: Visitor) -> None:
    visitor.go_home()
    visitor.page.context.clear_cookies()
    visitor.page.wait_for_url("**/admin/login/?next=/admin/**")
    assert visitor.page.get_by_label("Password").count() == 1
