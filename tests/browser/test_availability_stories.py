"""What an operator comes for about availability, each in at most five presses from home."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.answered import PROVIDER
from tests.browser.served import Served
from tests.browser.visitor import PHONE, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("availability")]
MOST_PRESSES = 5


def begin(visitor: Visitor, kind: str) -> Hands:
    visitor.go_home()
    return visitor.hands(kind)


def sidebar(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator("#nav-sidebar").get_by_role("link", name=name, exact=True)


def told(visitor: Visitor) -> str:
    return visitor.page.locator(".messagelist").inner_text()


@pytest.mark.parametrize("kind", ["mouse", "keyboard"])
def test_a_wrong_answer_is_checked_again(visitor: Visitor, served: Served, kind: str) -> None:
    page, hands = visitor.page, begin(visitor, kind)
    hands.press(sidebar(visitor, "All answers"))
    narrowed = page.locator("#changelist-filter").get_by_role("link", name="Checked & unavailable")
    hands.press(narrowed)
    button = page.locator("#result_list").get_by_role("button", name=re.compile("^Re-check")).first
    movie = (button.get_attribute("aria-label") or "").removeprefix("Re-check: ")
    hands.press(button)
    assert f"{movie} is checked next." in told(visitor)
    assert "state=unavailable" in page.url
    page.get_by_text("due now").first.wait_for()
    asked = "SELECT count(*) FROM sync_availability WHERE lane = 0 AND status = 'unavailable'"
    assert served.site.sql(asked)[0][0] >= 1
    assert hands.presses <= MOST_PRESSES


def test_a_providers_health_is_read(visitor: Visitor) -> None:
    page, hands = visitor.page, begin(visitor, "mouse")
    hands.press(page.locator("#all-providers"))
    hands.press(page.locator("#result_list").get_by_role("link", name=PROVIDER))
    day = page.get_by_role("heading", name="The last 24 hours").locator("..")
    assert "2.5 %" in day.inner_text()
    mirrors = page.get_by_role("heading", name="By mirror").locator("..")
    assert "m1.harbour.example" in mirrors.inner_text()
    page.get_by_text("Agree", exact=True).wait_for()
    assert hands.presses <= MOST_PRESSES


@pytest.mark.parametrize("kind", ["mouse", "keyboard"])
def test_what_is_unavailable_everywhere_is_filtered(visitor: Visitor, kind: str) -> None:
    page, hands = visitor.page, begin(visitor, kind)
    hands.press(sidebar(visitor, "Matrix"))
    hands.press(page.get_by_role("link", name="Unavailable everywhere"))
    page.wait_for_url(re.compile("only=nowhere"))
    badges = page.locator(".matrix .badge")
    badges.first.wait_for()
    assert set(badges.all_inner_texts()) == {"Unavailable"}
    hands.press(page.locator(".matrix .to-row").first)
    page.get_by_role("heading", name="How it changed").wait_for()
    assert hands.presses <= MOST_PRESSES


def test_on_a_phone_each_movie_of_the_matrix_is_a_block(visitor: Visitor) -> None:
    visitor.resize(PHONE)
    visitor.open("/admin/sync/availability/matrix/")
    assert visitor.ask("document.documentElement.scrollWidth") <= PHONE[0]
    row = visitor.page.locator(".matrix tbody tr").first
    assert row.locator(".to-row").first.is_visible()
    box = row.get_by_role("button").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= PHONE[0]
