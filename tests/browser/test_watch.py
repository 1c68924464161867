"""What the other tests trust in: a page that misbehaves is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.browser import axe
from tests.browser.watch import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser]
_POLICY = """<meta http-equiv="Content-Security-Policy" content="style-src 'none'">"""


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<script>console.error('a complaint')</script>", "a complaint"),
        ("<script>nothing()</script>", "nothing is not defined"),
        ("<img src='http://elsewhere.example/a.png' alt=''>", "elsewhere.example"),
        (f"{_POLICY}<style>p {{ color: red }}</style>", "style-src"),
    ],
    ids=["console", "exception", "another host", "policy"],
)
def test_it_is_told(chromium: Browser, page: str, words: str) -> None:
    context = chromium.new_context()
    watch = Watch(context)
    context.new_page().goto(f"data:text/html,{quote(page)}")
    told = "\n".join(watch.found())
    context.close()
    assert words in told


def test_a_field_without_a_name_is_a_fault(chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto("data:text/html,<html lang=en><title>A page</title><main><input></main>")
    faults = axe.grave_faults(page)
    page.close()
    assert [each.split()[0] for each in faults] == ["label"]
