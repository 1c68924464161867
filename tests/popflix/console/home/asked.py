"""What home says that needs a person, as its panel tells it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from django.test import Client
from django.urls import reverse

from tests.popflix.console.shown import page

_ITEM = re.compile(
    r'<li>.*?</svg>(?P<badge>[^<]*)</span>.*?class="what-is"[^>]*><bdi>(?P<text>.*?)</bdi>'
    r'.*?class="why"[^>]*><bdi>(?P<why>.*?)</bdi>.*?href="(?P<href>[^"]*)"[^>]*>(?P<label>[^<]*)</a>',
    re.DOTALL,
)


@dataclass(frozen=True)
class Told:
    badge: str
    text: str
    why: str
    href: str
    label: str


def told(client: Client) -> list[Told]:
    """The most urgent first."""
    text = page(client, reverse("console_panel", args=["needs"]))
    found = [Told(**_plain(each.groupdict())) for each in _ITEM.finditer(text)]
    assert len(found) == text.count("<li>")
    return found


def about(client: Client, words: str) -> Told | None:
    """The need whose text has these words; None where there is none. Never two of them."""
    found = [each for each in told(client) if words in each.text]
    assert len(found) < 2, found
    return found[0] if found else None


def _plain(groups: dict[str, str]) -> dict[str, str]:
    return {name: unescape(re.sub("<[^>]*>", "", text)) for name, text in groups.items()}
