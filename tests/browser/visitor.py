"""Somebody who uses the site: a window, what is watched in it, and the ways to do things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tests.browser.hands import Hands, Keyboard, Mouse
from tests.browser.served import Served
from tests.browser.watch import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response, StorageState

DESKTOP, PHONE = (1360, 850), (390, 844)
SECONDS = 20.0


@dataclass
class Visitor:
    page: Page
    watch: Watch
    base: str

    @classmethod
    @contextmanager
    def arriving(
        cls,
        browser: Browser,
        served: Served,
        session: StorageState | None = None,
        *,
        scheme: Literal["light", "dark"] = "light",
        size: tuple[int, int] = DESKTOP,
    ) -> Iterator[Visitor]:
        context = browser.new_context(
            storage_state=session,
            color_scheme=scheme,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            timezone_id="UTC",
        )
        context.set_default_timeout(SECONDS * 1000)
        watch = Watch(context)
        try:
            yield cls(context.new_page(), watch, served.url)
        finally:
            context.close()

    def hands(self, kind: str) -> Hands:
        made: dict[str, type[Mouse] | type[Keyboard]] = {"mouse": Mouse, "keyboard": Keyboard}
        return made[kind](self.page)

    def go_home(self) -> None:
        self.open("/admin/")

    def open(self, path: str) -> Response | None:
        return self.page.goto(self.base + path)

    def log_in(self, name: str, password: str) -> None:
        self.open("/admin/login/?next=/admin/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/admin/")

    def resize(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def ask(self, script: str) -> Any:
        """The value of an expression in the page."""
        return self.page.evaluate(script)
