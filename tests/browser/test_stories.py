"""What an operator comes for, each in at most five presses from home; also without a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.served import Served
from tests.browser.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories")]
PATIENCE_MS = 60_000  # a worker starts beside other browsers
MOST_PRESSES = 5
ENRICHMENT = "sync-media-links"
RUN_PAGE = re.compile(r"/admin/engine/run/\d+/change/$")


@pytest.fixture(params=["mouse", "keyboard"])
def hands(request: pytest.FixtureRequest, visitor: Visitor, served: Served) -> Iterator[Hands]:
    """The hands of somebody who has just come home; whatever they do takes few presses."""
    served.settle()
    visitor.go_home()
    made = visitor.hands(request.param)
    yield made
    assert 0 < made.presses <= MOST_PRESSES


def sidebar(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator("#nav-sidebar").get_by_role("link", name=name, exact=True)


def filtered(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator("#changelist-filter").get_by_role("link", name=name).first


def told(visitor: Visitor) -> Locator:
    return visitor.page.locator(".messagelist")


def test_why_a_title_failed_is_found_and_it_is_retried(visitor: Visitor, hands: Hands) -> None:
    page = visitor.page
    hands.press(sidebar(visitor, "Media links"))
    hands.press(filtered(visitor, "Failed"))
    hands.press(page.locator("#result_list tbody th a").first)
    page.get_by_text("Why it failed").wait_for()
    retry = page.locator("form.action").filter(has_text="Retry")
    hands.write(retry.get_by_label("Why"), "The record is there by now")
    hands.press(retry.get_by_role("button"))
    told(visitor).wait_for()


def test_all_failures_of_one_kind_are_retried(visitor: Visitor, hands: Hands) -> None:
    page = visitor.page
    hands.press(sidebar(visitor, "Media links"))
    hands.press(filtered(visitor, "Not on TMDB"))
    hands.press(page.get_by_role("link", name="Retry all that match…"))
    hands.write(page.get_by_label("Why"), "TMDB knows them by now")
    hands.press(page.locator("#content").get_by_role("button", name=re.compile("^Retry")))
    page.wait_for_url(RUN_PAGE)
    page.locator("#run-now").get_by_text("Completed").wait_for()


def test_enrichment_is_paused_with_a_reason_and_resumed(visitor: Visitor, hands: Hands) -> None:
    page = visitor.page
    hands.press(page.get_by_role("link", name=f"Pause…: {ENRICHMENT}"))
    hands.write(page.get_by_label("Why it is paused"), "TMDB asks for a quiet hour")
    hands.press(page.get_by_role("button", name="Pause", exact=True))
    page.get_by_text("TMDB asks for a quiet hour").first.wait_for()
    hands.press(page.get_by_role("button", name="Resume", exact=True))
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    assert page.get_by_role("group", name="Pause").count() == 0


def test_a_run_is_followed_to_its_end_without_a_reload(
    visitor: Visitor, hands: Hands, served: Served
) -> None:
    page = visitor.page
    served.make_pending()
    hands.press(page.locator(f"#unit-{ENRICHMENT}"))
    hands.press(page.locator(".unit-controls").get_by_role("button", name=re.compile("^Run")))
    page.wait_for_url(RUN_PAGE)
    visitor.ask("window.isTheSamePage = true")
    # A short run may be over before the page asks again.
    page.locator("#run-now").get_by_text(re.compile("^(Running|Completed)$")).first.wait_for(
        timeout=PATIENCE_MS
    )
    page.locator("#run-now").get_by_text("Completed").wait_for(timeout=PATIENCE_MS)
    assert visitor.ask("window.isTheSamePage") is True
    assert page.locator("#run-now [hx-get]").count() == 0


def test_a_dead_letter_is_seen_and_its_group_retried_by_a_sample(
    visitor: Visitor, hands: Hands, served: Served
) -> None:
    page = visitor.page
    served.make_letters(8)
    hands.press(sidebar(visitor, "Dead letters"))
    page.get_by_text("TMDB answered 422").first.wait_for()
    hands.press(page.get_by_role("button", name=re.compile("^Try five, then the rest")).first)
    page.wait_for_url(RUN_PAGE)
    page.locator("#run-now").get_by_text(re.compile("Queued|Running|Waiting|Completed")).wait_for()
