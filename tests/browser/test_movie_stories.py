"""What an operator comes for among the movies, each in at most five presses from home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.served import CRAWLED, MOVIES, Served
from tests.browser.visitor import Visitor
from tests.popflix.console.serving import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("movies")]
MOST_PRESSES = 5


def begin(visitor: Visitor, kind: str) -> Hands:
    visitor.go_home()
    return visitor.hands(kind)


def sidebar(visitor: Visitor, name: str) -> Locator:
    return visitor.page.locator("#nav-sidebar").get_by_role("link", name=name, exact=True)


def told(visitor: Visitor) -> str:
    return visitor.page.locator(".messagelist").inner_text()


def test_why_a_movie_has_no_poster_is_found_and_the_field_is_locked(visitor: Visitor) -> None:
    page, hands = visitor.page, begin(visitor, "mouse")
    hands.press(sidebar(visitor, "Movies"))
    hands.press(page.locator("#changelist-filter").get_by_role("link", name="No poster"))
    hands.press(page.locator("#result_list tbody th a").first)
    poster = page.get_by_role("row", name="Poster", exact=False).filter(
        has=page.get_by_role("rowheader", name="Poster")
    )
    assert "TMDB says that there is none." in poster.inner_text()
    hands.press(poster.get_by_role("checkbox"))
    keep = page.get_by_role("group", name="Keep the ticked fields from the sources")
    hands.write(keep.get_by_label("Why"), "The distributor forbids it")
    hands.press(keep.get_by_role("button", name="Lock", exact=True))
    assert "Locked: poster. Sources leave it alone." in told(visitor)
    assert "for ever, by ada: The distributor forbids it" in poster.inner_text()
    assert hands.presses <= MOST_PRESSES


def test_what_stands_there_is_written_by_hand_and_given_back(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/admin/sync/movie/?media_type=movie&o=")
    page.locator("#result_list tbody th a").last.click()
    before = page.get_by_role("heading", level=1).inner_text()
    form = page.get_by_role("form", name="Write a field by hand")
    form.get_by_label("Value").fill("A Name of Our Own")
    form.get_by_label("Why").fill("As on the posters here")
    form.get_by_role("button", name="Store").click()
    assert "The title is stored. No source outdoes it until it is unlocked." in told(visitor)
    page.get_by_role("heading", level=1, name="A Name of Our Own").wait_for()
    page.get_by_role("checkbox", name="Title", exact=True).check()
    keep = page.get_by_role("group", name="Keep the ticked fields from the sources")
    keep.get_by_label("Why").fill("The posters are gone")
    keep.get_by_role("button", name="Unlock").click()
    assert page.get_by_role("heading", level=1).inner_text() == before


@pytest.mark.parametrize("kind", ["mouse", "keyboard"])
def test_a_crawl_is_planned_before_it_is_started(visitor: Visitor, kind: str) -> None:
    page, hands = visitor.page, begin(visitor, kind)
    hands.press(sidebar(visitor, "Crawls"))
    hands.press(page.get_by_role("link", name="Plan a crawl"))
    hands.press(page.get_by_role("button", name="Plan", exact=True))
    plan = page.get_by_role("heading", name="The plan").locator("..")
    assert "requests" in plan.inner_text().lower()
    assert plan.get_by_role("button", name="Start this crawl").is_visible()
    assert hands.presses <= MOST_PRESSES


def test_what_the_certificate_misses_is_queued_with_one_click(
    visitor: Visitor, served: Served
) -> None:
    hands = begin(visitor, "keyboard")
    assert len(served.site.sql("SELECT id FROM sync_movie")) < MOVIES
    hands.press(sidebar(visitor, "Certificates"))
    hands.press(visitor.page.get_by_role("button", name="Queue the missing").first)
    assert "Asked for: " in told(visitor)
    assert hands.presses <= MOST_PRESSES
    wait_for(lambda: len(served.site.sql("SELECT id FROM sync_movie")) > CRAWLED)
