"""Who may only look, as the group *viewer* has it: led everywhere, refused nowhere."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tests.popflix.console import walking

pytestmark = [pytest.mark.django_db]
_SITE = "http://testserver"
_OWN = {"/admin/logout/"}


def test_no_link_refuses_a_viewer_and_no_button_is_offered() -> None:
    """From home along every link; an address is looked at once, whatever is asked of it."""
    walking.fill_every_table()
    client = viewer()
    found, todo = {"/admin/": ""}, ["/admin/"]
    refused, buttons = {}, {}
    while todo:
        path = todo.pop()
        answer = client.get(path, follow=True)
        if answer.status_code != 200:
            refused[path] = f"{answer.status_code}, linked from {found[path]}"
        text = text_of(answer)
        buttons.update(dict.fromkeys(sent_to(text), path))
        for link in links_of(text, path):
            if link.partition("?")[0] not in {each.partition("?")[0] for each in found}:
                found[link] = path
                todo.append(link)
    assert len(found) > 40
    assert refused == {}
    assert buttons.keys() <= _OWN, buttons


def viewer() -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.groups.set([Group.objects.get(name="viewer")])
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    is_page = "html" in answer["Content-Type"] and not answer.streaming
    return str(answer.content.decode()) if is_page else ""


def sent_to(text: str) -> set[str]:
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', text)
    return {*forms, *re.findall(r'formaction="([^"]*)"', text)}


def links_of(text: str, path: str) -> list[str]:
    """Of this site; also what htmx asks for."""
    named = re.findall(r'(?:href|hx-get)="([^"]+)"', text)
    links = (urljoin(_SITE + path, html.unescape(each).partition("#")[0]) for each in named)
    return [each.removeprefix(_SITE) for each in links if each.startswith(f"{_SITE}/admin/")]
