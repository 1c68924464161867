"""The page of the audit trail: found by action, actor, day and target; cheap; never touched."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.console.trail.filters import values_of
from popflix.lib import audit
from popflix.lib.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime.now(dt.UTC)
LIST = "/admin/lib/auditentry/"


@pytest.fixture
def entries() -> None:
    long_ago = NOW - dt.timedelta(days=90)
    audit.record("anna", "retry run", at=NOW, target="greet run 17", why="the disk has room")
    audit.record("bert", "retry run", at=long_ago, target="greet run 170")
    audit.record("bert", "pause unit", at=NOW, target="sync-media-links", why="maintenance")
    audit.record("anna", "edit media links", at=NOW, target="tt99000001", details={"a": 1})


def shown(client: Client, **query: Any) -> set[str]:
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return {entry.target for entry in answer.context["cl"].result_list}


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"greet run 17", "greet run 170", "sync-media-links", "tt99000001"}),
        ({"action": "pause unit"}, {"sync-media-links"}),
        ({"actor_name": "anna"}, {"greet run 17", "tt99000001"}),
        ({"actor_name": "anna", "action": "retry run"}, {"greet run 17"}),
        ({"day": "7-days", "action": "retry run"}, {"greet run 17"}),
        ({"q": "greet run 17"}, {"greet run 17", "greet run 170"}),
        ({"q": "tt99000001"}, {"tt99000001"}),
        ({"q": "run"}, set()),
        ({"q": "\ud7ff"}, set()),
        ({"q": " "}, {"greet run 17", "greet run 170", "sync-media-links", "tt99000001"}),
    ],
)  # fmt: skip
def test_entries_are_found(operator: Client, query: dict[str, Any], found: set[str]) -> None:
    assert shown(operator, **query) == found


@pytest.mark.usefixtures("entries")
def test_the_filters_offer_what_there_is() -> None:
    assert values_of("action") == ["edit media links", "pause unit", "retry run"]
    assert values_of("actor_name") == ["anna", "bert"]


def test_an_empty_trail_is_an_empty_list(operator: Client) -> None:
    assert values_of("action") == []
    assert shown(operator) == set()


@pytest.mark.usefixtures("entries")
def test_the_newest_stands_first_with_who_what_and_why(operator: Client) -> None:
    audit.record("carl", "cancel run", at=NOW + dt.timedelta(hours=1), target="x", why="wrong")
    first = operator.get(LIST).context["cl"].result_list[0]
    assert (first.actor_name, first.action, first.why) == ("carl", "cancel run", "wrong")


@pytest.mark.usefixtures("entries")
def test_one_entry_and_many_take_the_same_queries(operator: Client) -> None:
    operator.get(LIST)
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    for number in range(60):
        audit.record("anna", "retry run", at=NOW, target=f"greet run {number}")
    with CaptureQueriesContext(connection) as many:
        operator.get(LIST)
    assert len(many) == len(few) <= 7


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"action": "retry run"}, "audit_action"),
        ({"action": "retry run", "actor_name": "anna"}, "audit_actor_action"),
    ],
    ids=["one", "two"],
)
def test_a_filtered_page_is_read_along_an_index(filters: dict[str, str], index: str) -> None:
    rows = AuditEntry.objects.filter(**filters).order_by("-at", "-pk")[:50]
    if connection.vendor == "sqlite":
        assert index in rows.explain()
    else:
        assert index in rows.explain(format="JSON")


@pytest.mark.usefixtures("entries")
def test_nobody_edits_the_trail(operator: Client) -> None:
    key = AuditEntry.objects.latest("pk").pk
    before = AuditEntry.objects.count()
    change = reverse("admin:lib_auditentry_change", args=[key])
    assert operator.post(change, {"why": "another"}).status_code == 403
    delete = reverse("admin:lib_auditentry_delete", args=[key])
    assert operator.post(delete, {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.count() == before


# --- accounts and groups ------------------------------------------------------------------------


def entry() -> AuditEntry:
    return AuditEntry.objects.get()


def test_making_an_account_is_audited_without_its_password(operator: Client) -> None:
    password = "a long one that nobody sees"
    sent = {"username": "vi", "password1": password, "password2": password,
            "usable_password": "true", "why": "she joins"}  # fmt: skip
    assert operator.post("/admin/auth/user/add/", sent).status_code == 302
    assert (entry().actor_name, entry().action, entry().target) == ("ada", "add user", "user vi")
    assert password not in str(entry().details)


def test_setting_somebodys_password_is_audited(operator: Client) -> None:
    user = User.objects.create_user("vi")
    password = "a long one that nobody sees"
    sent = {"password1": password, "password2": password, "usable_password": "true"}
    url = f"/admin/auth/user/{user.pk}/password/"
    assert "why" in operator.post(url, sent).context["form"].errors
    operator.post(url, sent | {"why": "she forgot it"})
    assert (entry().action, entry().target) == ("change user", "user vi")
    assert entry().why == "she forgot it"
    assert "password" in str(entry().details)
    assert password not in str(entry().details)


def test_changing_a_group_is_audited(operator: Client) -> None:
    group = Group.objects.get(name="viewer")
    sent = {"name": "viewer", "permissions": [], "why": "for a day"}
    operator.post(f"/admin/auth/group/{group.pk}/change/", sent)
    assert (entry().action, entry().target) == ("change group", "group viewer")
    assert entry().details["changes"] == [{"changed": {"fields": ["Permissions"]}}]


@pytest.mark.parametrize("by_list", [False, True])
def test_deleting_an_account_is_audited(operator: Client, by_list: bool) -> None:
    user = User.objects.create_user("vi")
    confirmed = {"post": "yes", "why": "she left"}
    if by_list:
        sent = {"action": "delete_selected", "_selected_action": [user.pk], **confirmed}
        operator.post("/admin/auth/user/", sent)
    else:
        operator.post(f"/admin/auth/user/{user.pk}/delete/", confirmed)
    assert not User.objects.filter(username="vi").exists()
    assert (entry().actor_name, entry().action, entry().target) == (
        "ada",
        "delete user",
        "user vi",
    )
