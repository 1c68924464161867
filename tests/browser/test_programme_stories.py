"""What an operator comes for with the cinema programme, each to its end in master."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import axe
from tests.browser.programme import (
    MANY,
    Programme,
    Story,
    all_rated,
    first_retitled_and_rated,
    second_day_gone,
    three_retitled,
)
from tests.browser.served import Served
from tests.browser.test_stories import MOST_PRESSES, RUN_PAGE, sidebar
from tests.browser.visitor import Visitor
from tests.popflix.console.serving import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("programme")]
HANDS = ("mouse", "keyboard")
KEYS, LOCK = "keys", "lock"
HAS_FOCUS = "element => element === document.activeElement"


@pytest.fixture(scope="module")
def programme(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Programme:
    stories = [Story(KEYS, 7101, 12, all_rated), Story(LOCK, 7102, 12, first_retitled_and_rated)]
    for number, hand in enumerate(HANDS, 1):
        stories += [
            Story(f"approve-{hand}", 7200 + number, MANY, all_rated),
            Story(f"hold-{hand}", 7300 + number, 36, second_day_gone, a_day=12),
            Story(f"undo-{hand}", 7400 + number, 20, three_retitled),
        ]
    return Programme(served, tmp_path_factory.mktemp("feeds"), stories)


@pytest.fixture(params=HANDS)
def hand(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hands(hand: str, visitor: Visitor) -> Iterator[Hands]:
    """The hands of somebody who comes home; whatever they do takes few presses."""
    made = visitor.hands(hand)
    yield made
    assert 0 < made.presses <= MOST_PRESSES


def need_of(visitor: Visitor, story: Story) -> Locator:
    named = re.compile(rf"^Review: .* of {story.house} \({story.name}\) wait for you$")
    return visitor.page.get_by_role("link", name=named)


def begin(visitor: Visitor, programme: Programme, name: str) -> Story:
    """Home, just after the feed of this story came: home folds what has waited for longer."""
    programme.bring(name)
    visitor.go_home()
    return programme.story(name)


def card(visitor: Visitor, place: int) -> Locator:
    return visitor.page.locator(".change-card").nth(place)


def await_focus(visitor: Visitor, place: int) -> None:
    """The next card has it once the decided one was swapped."""
    wait_for(lambda: bool(card(visitor, place).evaluate(HAS_FOCUS)))


def give_reason(visitor: Visitor, hands: Hands, why: str, button: str) -> None:
    """Answer the page that asks whether it is meant, and see its run to the end."""
    content = visitor.page.locator("#content")
    hands.write(content.get_by_label("Why"), why)
    hands.press(content.get_by_role("button", name=button, exact=True))
    visitor.page.wait_for_url(RUN_PAGE)
    visitor.page.locator("#run-now").get_by_text("Completed").wait_for()


def test_200_changes_of_a_cinema_are_approved_and_one_is_rejected(
    visitor: Visitor, hands: Hands, hand: str, programme: Programme
) -> None:
    page, story = visitor.page, begin(visitor, programme, f"approve-{hand}")
    hands.press(need_of(visitor, story))
    page.get_by_text(f"{MANY} changes match").wait_for()
    hands.press(card(visitor, 0).get_by_role("button", name="Reject"))
    page.get_by_text("Rejected: 1 change.").wait_for()
    hands.press(page.get_by_role("link", name="Approve all 200 matching…"))
    give_reason(visitor, hands, "The board has rated them anew", "Approve 200 changes")
    assert programme.states(story.name) == {"applied": 200, "rejected": 1}
    ratings = [rating for (rating,) in programme.of_master(story.name, "rating")]
    assert (ratings.count("A"), ratings.count("U")) == (200, 1)


def test_a_hold_is_noticed_and_resolved(
    visitor: Visitor, hands: Hands, hand: str, programme: Programme
) -> None:
    page, story = visitor.page, begin(visitor, programme, f"hold-{hand}")
    hands.press(need_of(visitor, story))
    page.get_by_text(re.compile("has 12 shows in master; this feed has none")).wait_for()
    name = re.compile(f"^Approve what is held: {story.house}, ")
    hands.press(page.get_by_role("link", name=name))
    give_reason(visitor, hands, "The house is closed on that day", "Approve 12 changes")
    shows = programme.of_master(story.name, "isActive, missing_since IS NULL")
    assert [(word, bool(here)) for word, here in shows[12:24]] == [("N", False)] * 12
    assert {(word, bool(here)) for word, here in shows[:12] + shows[24:]} == {("Y", True)}
    visitor.go_home()
    assert need_of(visitor, story).count() == 0


def test_a_change_set_is_undone(
    visitor: Visitor, hands: Hands, hand: str, programme: Programme
) -> None:
    page, story = visitor.page, begin(visitor, programme, f"undo-{hand}")
    before = [(row["movie_title"],) for row in story.rows(1)]
    number = programme.newest_set(story.name)
    assert programme.of_master(story.name, "title") != before
    hands.press(sidebar(visitor, "Change sets"))
    hands.press(page.locator("#result_list").get_by_role("link", name=str(number), exact=True))
    hands.press(page.get_by_role("link", name="Undo…"))
    give_reason(visitor, hands, "The feed was of last year", "Undo 3 of its rows")
    assert programme.of_master(story.name, "title") == before
    visitor.open(f"/admin/reconcile/changeset/{number}/change/")
    page.get_by_text("Undone by").wait_for()


def test_changes_in_a_row_are_decided_by_keys_alone(
    visitor: Visitor, programme: Programme
) -> None:
    programme.bring(KEYS)
    page, number = visitor.page, programme.newest_set(KEYS)
    visitor.open(f"/admin/reconcile/changeset/{number}/review/")
    page.keyboard.press("j")
    for place, (key, said) in enumerate([("a", "Approved"), ("r", "Rejected"), ("a", "Approved")]):
        await_focus(visitor, place)
        page.keyboard.press(key)
        badges = card(visitor, place).locator(".badge")
        badges.get_by_text(re.compile(f"{said}|Applied")).wait_for()
    await_focus(visitor, 3)
    wait_for(lambda: programme.states(KEYS) == {"applied": 2, "held": 9, "rejected": 1})
    ratings = [rating for (rating,) in programme.of_master(KEYS, "rating")]
    assert ratings == ["A", "U", "A", *"U" * 9]


def test_a_lock_on_a_show_is_respected_by_the_next_feed_and_shown(
    visitor: Visitor, programme: Programme
) -> None:
    programme.bring()
    page, [(show, title), *_] = visitor.page, programme.of_master(LOCK, "id, title")
    visitor.open(f"/admin/reconcile/mastershow/{show}/change/")
    locking = page.locator("section").filter(has=page.get_by_role("button", name="Unlock"))
    locking.get_by_label("Title", exact=True).check()
    locking.get_by_role("textbox", name="Why").fill("The distributor's own words")
    locking.get_by_role("button", name="Lock", exact=True).click()
    page.get_by_text("Feeds leave it alone.").wait_for()
    assert axe.grave_faults(page) == []
    programme.bring(LOCK)
    assert programme.of_master(LOCK, "title, rating")[0] == (title, "A")
    visitor.open(f"/admin/reconcile/changeset/{programme.newest_set(LOCK)}/review/")
    kept = page.locator("tr.locked")
    kept.get_by_text("locked for ever").wait_for()
    assert kept.get_by_text("ANOTHER FILM").count() == 1
    assert axe.grave_faults(page) == []
