"""A person at the screen: with a mouse, or with a keyboard alone; both count what they press."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MOST_TABS = 250
_HAS_FOCUS = "element => element === document.activeElement"
# Somebody who cannot see where the focus is cannot use a keyboard.
_FOCUS_SHOWS = """element => {
  const style = getComputedStyle(element);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const box = element.getBoundingClientRect();
  const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return element.matches(":focus-visible") && (outlined || style.boxShadow !== "none") && inView;
}"""


class Hands(Protocol):
    presses: int

    def press(self, target: Locator) -> None:
        """Activate a link, a button or what opens and closes. Counts."""

    def write(self, target: Locator, text: str) -> None:
        """Put text into a field. Does not count."""


class Mouse:
    def __init__(self, page: Page) -> None:
        self.presses = 0
        self._page = page

    def press(self, target: Locator) -> None:
        self.presses += 1
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)  # a click into a field is part of writing


class Keyboard:
    """Tab, Enter and typing; the focus has to be seen wherever something is done."""

    def __init__(self, page: Page) -> None:
        self.presses = 0
        self._page = page

    def press(self, target: Locator) -> None:
        self._reach(target)
        self.presses += 1
        self._page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self._reach(target)
        self._page.keyboard.type(text)

    def _reach(self, target: Locator) -> None:
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate(_HAS_FOCUS):
                assert target.evaluate(_FOCUS_SHOWS), f"the focus is not seen on {target}"
                return
            self._page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_TABS} times Tab do not lead to {target}")
