"""The language on real pages: the page of pieces, and what every page of the admin keeps to."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.popflix.console.shown import page, rows

pytestmark = pytest.mark.django_db
PIECES = "/admin/console/pieces/"


def every_page() -> list[str]:
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]
    more = ["admin:index", "admin:password_change", "admin:auth_user_add",
            "admin:engine_schedule_add"]  # fmt: skip
    return [*lists, *map(reverse, more), PIECES, f"{lists[0]}?q=nothing", *rows().values()]


# --- the page of pieces ---------------------------------------------------------------------


def test_the_page_shows_every_piece(operator: Client) -> None:
    text = page(operator, PIECES)
    for shown in (
        "Cannot fire", 'role="progressbar"', 'class="timeline"', 'class="chart"', "<time ",
        'class="problem"', 'class="empty"', 'class="before-after"', "tt99000055", "千と千尋",
        "total unknown", "Nothing to do",
    ):  # fmt: skip
        assert shown in text


def test_the_page_is_for_staff() -> None:
    assert "/admin/login/" in Client().get(PIECES).headers["Location"]
    guest = Client()
    guest.force_login(User.objects.create_user("guest"))
    assert guest.get(PIECES).status_code == 302
    staff = Client()
    staff.force_login(User.objects.create_user("vi", is_staff=True))
    assert staff.get(PIECES).status_code == 200


def test_the_page_is_only_looked_at(operator: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        page(operator, PIECES)
    assert {query["sql"].split()[0] for query in queries} <= {"SELECT"}
    assert operator.post(PIECES).status_code == 405


# --- the frame ------------------------------------------------------------------------------


def test_the_icon_is_found_where_browsers_look() -> None:
    answer = Client().get("/favicon.ico")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("console/favicon.svg")
    assert finders.find("console/favicon.svg")


def test_the_stylesheet_is_loaded_last_on_every_page_and_once(operator: Client) -> None:
    for url in (*every_page(), reverse("admin:login")):
        text = page(operator if "login" not in url else Client(), url)
        sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text)
        assert sheets[-1].endswith("console/popflix.css"), url
        assert len(sheets) == len(set(sheets)), url


def test_the_brand_stands_on_every_page() -> None:
    text = page(Client(), reverse("admin:login"))
    assert "<title>Log in | popflix</title>" in text
    assert "Django administration" not in text


# --- what every page keeps to ---------------------------------------------------------------

_INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|javascript:|<script(?![^>]*\ssrc=)", re.I)


def test_no_page_has_an_inline_style_or_script_or_asks_another_host(operator: Client) -> None:
    for url in every_page():
        text = page(operator, url)
        assert not _INLINE.search(text), url
        # A link leads elsewhere when somebody follows it; what is loaded is asked for by itself.
        loaded = r'(?:src="|<link [^>]*href=")(?:https?:)?//(?!image\.tmdb\.org/)'
        assert not re.search(loaded, text), url


class _Outline(HTMLParser):
    """Levels of headings, and the controls that nobody gave a name."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.controls: list[dict[str, str | None]] = []
        self.labelled: set[str | None] = set()
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "label":
            self._depth += 1
            self.labelled.add(found.get("for"))
        if tag in ("input", "select", "textarea") and not self._has_name(found):
            self.controls.append(found)

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "label"

    def _has_name(self, found: dict[str, str | None]) -> bool:
        if found.get("type") in ("hidden", "submit") or "aria-label" in found:
            return True
        return self._depth > 0

    @property
    def nameless(self) -> list[str]:
        return [str(each) for each in self.controls if each.get("id") not in self.labelled]


def outline(text: str) -> _Outline:
    parser = _Outline()
    parser.feed(text)
    return parser


def test_headings_begin_with_one_and_leave_no_level_out(operator: Client) -> None:
    for url in every_page():
        levels = outline(page(operator, url)).levels
        assert levels[0] == 1, url
        assert levels.count(1) == 1, url
        steps = itertools.pairwise(levels)
        assert all(after - before <= 1 for before, after in steps), url


def test_every_control_has_a_name(operator: Client) -> None:
    for url in every_page():
        assert outline(page(operator, url)).nameless == [], url
