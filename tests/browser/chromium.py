"""Chromium, as Debian ships it, driven by playwright: no browser is downloaded."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.services.servers import Missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Route

IMAGE_HOST = "image.tmdb.org"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-default-apps", "--no-first-run", "--mute-audio",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
_ELSEWHERE = re.compile(r"^(?!https?://127\.0\.0\.1[:/]|data:|blob:|about:)")
_POSTER = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 92 138" width="92" height="138">
<rect width="92" height="138" fill="hsl({hue} 45% 32%)"/>
<circle cx="{x}" cy="52" r="30" fill="hsl({hue} 60% 62%)"/>
<path d="M0 138V{y}L46 84l46 {z}V138z" fill="hsl({hue} 50% 18%)"/></svg>"""


def find_chromium() -> str:
    """Raises Missing where this machine has none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise Missing("Chromium is not installed (apt-get install chromium)")
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """Raises Missing where playwright or Chromium is not there."""
    executable = find_chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise Missing("playwright is not installed (`make test` installs it)") from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


def answer_for_the_internet(context: BrowserContext) -> list[str]:
    """Invent posters, refuse everything else; returns the list of what was refused so far."""
    refused: list[str] = []

    def answer(route: Route) -> None:
        if route.request.url.startswith(f"https://{IMAGE_HOST}/"):
            route.fulfill(content_type="image/svg+xml", body=_poster(route.request.url))
        else:
            refused.append(route.request.url)
            route.abort()

    context.route(_ELSEWHERE, answer)
    return refused


def _poster(url: str) -> str:
    drawn = hashlib.sha256(url.encode()).digest()
    return _POSTER.format(
        hue=drawn[0] * 360 // 256, x=20 + drawn[1] % 52, y=96 + drawn[2] % 20, z=drawn[3] % 30
    )
