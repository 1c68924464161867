"""Visiting the pages of titles and media links, in one line each."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from tests.sync.links.rows import tconst

LINKS = "admin:sync_medialinks_changelist"
TITLES = "admin:sync_title_changelist"
MATCHING = "admin:sync_medialinks_retry_matching"


def page(client: Client, name: str, *args: object, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def link_page(client: Client, number: int = 1) -> str:
    return page(client, "admin:sync_medialinks_change", tconst(number))


def ids(text: str) -> list[str]:
    """The titles listed, in their order."""
    return re.findall(r"/(tt\d+)/change/", text)


def press(client: Client, name: str, *args: object, **sent: Any) -> str:
    """Press a button of a page; what the page says that comes then."""
    answer = client.post(reverse(f"admin:sync_medialinks_{name}", args=args), sent, follow=True)
    return answer.content.decode()


def act(client: Client, action: str, *numbers: int, **more: Any) -> Any:
    chosen = {"action": action, "_selected_action": [tconst(number) for number in numbers]}
    return client.post(reverse(LINKS), chosen | more)


def client_with(*codenames: str, group: str = "") -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    if group:
        user.groups.set([Group.objects.get(name=group)])
    client = Client()
    client.force_login(user)
    return client
