"""Every page that can be reached by links, one of each kind."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import requests
from django.urls import Resolver404, resolve

SECONDS = 30.0


@dataclass(frozen=True)
class Found:
    """`name` is that of its address; `path` the first page found of its kind."""

    name: str
    path: str


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)


def crawl(base: str, cookies: dict[str, str], *starts: str) -> list[Found]:
    """In the order they are found; a list that is filtered or searched is a page of its own,
    one that is sorted is not."""
    session = requests.Session()
    session.cookies.update(cookies)
    waiting, found = deque(starts), dict[str, Found]()
    while waiting:
        path = waiting.popleft()
        kind, name = _kind(path)
        if not kind or kind in found:
            continue
        answer = session.get(base + path, timeout=SECONDS)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        found[kind] = Found(name, path)
        waiting.extend(_own_links(base, answer))
    return list(found.values())


def _kind(path: str) -> tuple[str, str]:
    """What a page has in common with its like, and the name of its address."""
    parts = urlsplit(path)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return "", ""
    name = match.url_name or ""
    if name.endswith("_history"):  # Django's own, the same for all models
        return "history", name
    asked = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)} - {"o"}
    is_filtered = name.endswith("_changelist") and bool(asked)
    return f"{match.route}?" if is_filtered else match.route, name


def _own_links(base: str, answer: requests.Response) -> list[str]:
    links = _Links()
    links.feed(answer.text)
    absolute = [urldefrag(urljoin(answer.url, href)).url for href in links.hrefs]
    return [url.removeprefix(base) for url in absolute if url.startswith(base + "/")]
