"""What must never happen on a page, collected while it is open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.chromium import answer_for_the_internet

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

# A violation that only the page itself is told of becomes an error on its console.
_TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI}`));"""
_LEFT_BEHIND = "net::ERR_ABORTED"  # by who leaves the page meanwhile


class Watch:
    """Errors on the console, failed requests and answers, and requests to other hosts."""

    def __init__(self, context: BrowserContext) -> None:
        self.faults: list[str] = []
        self.requests: list[str] = []
        self._expected: set[int] = set()
        self._refused = answer_for_the_internet(context)
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("page", self._follow)

    def expect_status(self, status: int) -> None:
        """From now on an answer with this status is what the test asks for."""
        self._expected.add(status)

    def found(self) -> list[str]:
        return self.faults + [f"a request to {url}" for url in self._refused]

    def forget(self) -> None:
        """What was found so far is what the test itself has done."""
        self.faults.clear()
        self._refused.clear()

    def _follow(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._note(page.url, str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _note(self, where: str, what: str) -> None:
        self.faults.append(f"{where}: {what}")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error" or self._is_expected(message.text):
            return
        self._note(message.location.get("url", ""), message.text)

    def _is_expected(self, text: str) -> bool:
        status = re.search(r"responded with a status of (\d+)", text)
        return bool(status and int(status[1]) in self._expected)

    def _failed(self, request: Request) -> None:
        if request.failure != _LEFT_BEHIND:
            self._note(request.url, f"failed: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self._note(response.url, f"answered {response.status}")
