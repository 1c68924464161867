"""Every page, in light, in dark and on a phone: usable by everybody, and nothing sticks out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib import admin

from tests.browser import axe
from tests.browser.crawl import Found, crawl
from tests.browser.served import Served
from tests.browser.visitor import DESKTOP, PHONE, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import StorageState

pytestmark = [pytest.mark.browser]
PARTS = 4
CONSOLE_PAGES = {
    "index", "console_units", "console_unit", "console_letters", "console_letter_group",
    "console_pieces",
}  # fmt: skip
PROGRAMME_PAGES = {
    "reconcile_changeset_change", "reconcile_changeset_review", "reconcile_changeset_decide_all",
    "reconcile_changeset_undo", "reconcile_change_change", "reconcile_mastershow_change",
    "reconcile_syncshow_change", "reconcile_cinema_zone", "reconcile_programmewarning_change",
}  # fmt: skip
MOVIE_PAGES = {
    "sync_movie_change", "sync_movie_wall", "sync_crawl_change", "sync_crawl_plan",
    "sync_certificate_change",
}  # fmt: skip
# In `make test`; the soak looks at every page (half of the time of all browser tests).
IN_EVERY_LOOK = {
    "index", "console_unit", "console_pieces", "engine_run_change", "reconcile_changeset_change",
    "reconcile_changeset_review", "sync_movie_change", "sync_movie_wall",
    "sync_medialinks_changelist", "sync_availability_matrix",
}  # fmt: skip
# Django's and the queue's own pages, made of parts that ours are made of, too: in light alone.
STOCK = ("auth_", "django_q_")
ROWS = 10  # of a list that are looked at in dark; in light the soak looks at all
# What reads the page in another theme or width differently: the rest is the same page.
_IN_DARK = ("color-contrast",)
_ON_A_PHONE = ("target-size", "scrollable-region-focusable")


@pytest.fixture(scope="session")
def every_page(served: Served, logged_in: StorageState) -> list[Found]:
    cookies = {each["name"]: each["value"] for each in logged_in["cookies"]}
    [(first,)] = served.site.sql("SELECT min(id) FROM reconcile_changeset")  # nothing waits there
    undo = f"/admin/reconcile/changeset/{first}/undo/"
    return crawl(served.url, cookies, "/admin/", "/admin/console/pieces/", undo)


def faults_of(
    visitor: Visitor, path: str, *, in_light_alone: bool = False, rows: int = 0
) -> list[str]:
    visitor.resize(DESKTOP)
    visitor.page.emulate_media(color_scheme="light")
    visitor.open(path)
    faults = axe.grave_faults(visitor.page, rows=rows)
    if in_light_alone:
        return faults
    visitor.page.emulate_media(color_scheme="dark")
    faults += [f"dark: {each}" for each in axe.grave_faults(visitor.page, *_IN_DARK, rows=ROWS)]
    visitor.resize(PHONE)
    faults += [f"phone: {each}" for each in axe.grave_faults(visitor.page, *_ON_A_PHONE)]
    return faults + too_wide(visitor)


def too_wide(visitor: Visitor) -> list[str]:
    width = visitor.ask("document.documentElement.scrollWidth")
    return [f"phone: {width} px wide"] if width > PHONE[0] else []


def test_pages_of_every_part_are_usable_by_everybody(
    visitor: Visitor, every_page: list[Found]
) -> None:
    looked_at = [page for page in every_page if page.name in IN_EVERY_LOOK]
    assert {page.name for page in looked_at} == IN_EVERY_LOOK
    told = [
        f"{page.path}: {fault}"
        for page in looked_at
        for fault in faults_of(visitor, page.path, rows=ROWS)
    ]
    assert not told, "\n".join(told)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_usable_by_everybody(
    visitor: Visitor, every_page: list[Found], part: int
) -> None:
    told = [
        f"{page.path}: {fault}"
        for page in every_page[part::PARTS]
        for fault in faults_of(visitor, page.path, in_light_alone=page.name.startswith(STOCK))
    ]
    assert not told, "\n".join(told)


def test_the_walk_finds_the_list_of_every_model_and_every_page_of_the_console(
    every_page: list[Found],
) -> None:
    found = {page.name for page in every_page}
    lists = {
        f"{model._meta.app_label}_{model._meta.model_name}_changelist"
        for model in admin.site._registry
    }
    assert lists - found == set()
    assert CONSOLE_PAGES - found == set()
    assert PROGRAMME_PAGES - found == set()
    assert MOVIE_PAGES - found == set()


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/engine/run/0/change/"])
def test_a_stranger_finds_the_login_usable(stranger: Visitor, path: str) -> None:
    assert faults_of(stranger, path) == []


def test_the_page_for_what_is_not_there_is_usable(visitor: Visitor) -> None:
    visitor.watch.expect_status(404)
    assert faults_of(visitor, "/admin/engine/nothing/") == []


def test_a_list_without_rows_is_usable(visitor: Visitor) -> None:
    assert faults_of(visitor, "/admin/sync/title/?q=tt0000000") == []
