"""The menu: sections in the operator's words, for what this account may look at."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client

from popflix.console import menu
from tests.popflix.console.shown import page, rows

pytestmark = pytest.mark.django_db


def sections(text: str) -> list[str]:
    return re.findall(r'<p class="section"[^>]*>([^<]+)</p>', text)


def links(text: str) -> list[str]:
    nav = text[text.index('<nav class="sticky" id="nav-sidebar"') :]
    return re.findall(r"<a [^>]*>([^<]+)</a>", nav[: nav.index("</nav>")])


def here(text: str) -> list[str]:
    return re.findall(r'<a [^>]*aria-current="page"[^>]*>([^<]+)</a>', text)


def test_sections_stand_in_their_order(operator: Client) -> None:
    text = page(operator, "/admin/")
    shown = sections(text)
    assert shown[0] == menu.WORK
    assert shown[-3:] == [menu.RECORDS, menu.ACCOUNTS, menu.HOOD]
    for words in ("Runs", "Audit trail", "Users", "Queue: waiting"):
        assert words in links(text)


def test_no_list_is_missing_from_the_menu(operator: Client) -> None:
    text = page(operator, "/admin/")
    for model in admin.site._registry:
        href = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert f'href="{href}"' in text, href


def test_a_page_of_no_model_has_its_place_for_who_may_see_it(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = menu.Page(menu.WORK, "My page", "console_pieces", "engine.view_run", rank=1)
    monkeypatch.setattr(menu, "_pages", [mine])
    assert links(page(operator, "/admin/"))[:2] == ["Home", "My page"]
    client = Client()
    client.force_login(User.objects.create_user("vi", is_staff=True))
    assert links(page(client, "/admin/")) == ["Home"]


def test_an_account_sees_the_lists_that_it_may_look_at() -> None:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_event"))
    client = Client()
    client.force_login(user)
    assert links(page(client, "/admin/")) == ["Home", "Events"]


def test_the_page_one_is_on_is_marked(operator: Client) -> None:
    assert here(page(operator, "/admin/")) == ["Home"]
    assert here(page(operator, "/admin/engine/run/")) == ["Runs"]
    assert here(page(operator, rows()["run"])) == ["Runs"]
    assert here(page(operator, "/admin/password_change/")) == []


def test_the_longest_address_is_the_one_that_is_marked(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = menu.Page(menu.WORK, "Above", "admin:index", "")
    below = menu.Page(menu.WORK, "Below", "console_pieces", "")
    monkeypatch.setattr(menu, "_pages", [below, above])
    assert here(page(operator, "/admin/console/pieces/")) == ["Below"]


def test_an_apps_own_index_still_lists_its_tables(operator: Client) -> None:
    text = page(operator, "/admin/engine/")
    main = text[text.index('id="content-start"') :]
    assert 'href="/admin/engine/run/"' in main
    assert 'href="/admin/sync/title/"' not in main


def test_there_is_no_other_site_to_view(operator: Client) -> None:
    assert "View site" not in page(operator, "/admin/")
