"""Who adds, changes or deletes something by a form says why; the audit trail keeps it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from popflix.lib.models import AuditEntry

pytestmark = pytest.mark.django_db
ADD = "/admin/auth/group/add/"


def of_group(view: str, group: Group) -> str:
    return reverse(f"admin:auth_group_{view}", args=[group.pk])


def told() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "why"))


def refused(answer: Any) -> bool:
    return "why" in answer.context["adminform"].form.errors


def crew() -> Group:
    return Group.objects.create(name="crew")


# --- forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["", "   "])
def test_a_form_without_a_reason_is_refused(operator: Client, why: str) -> None:
    assert refused(operator.post(ADD, {"name": "night", "why": why}))
    group = crew()
    assert refused(operator.post(of_group("change", group), {"name": "night", "why": why}))
    assert not Group.objects.filter(name="night").exists()
    assert told() == []


def test_the_reason_of_a_form_is_in_the_audit_trail(operator: Client) -> None:
    operator.post(ADD, {"name": "night", "why": "a second shift"})
    group = Group.objects.get(name="night")
    operator.post(of_group("change", group), {"name": "late", "why": "renamed"})
    assert told() == [("add group", "a second shift"), ("change group", "renamed")]


def test_the_reason_is_none_of_the_changes(operator: Client) -> None:
    operator.post(of_group("change", crew()), {"name": "late", "why": "renamed"})
    [entry] = AuditEntry.objects.all()
    assert "Why" not in str(entry.details)
    assert "Name" in str(entry.details)


def test_an_account_is_added_and_changed_with_a_reason(operator: Client) -> None:
    password = "a-Long-pass-1"
    sent = {
        "username": "vi", "password1": password, "password2": password, "usable_password": "true",
    }  # fmt: skip
    add = reverse("admin:auth_user_add")
    assert refused(operator.post(add, sent))
    operator.post(add, sent | {"why": "she joins"})
    user = User.objects.get(username="vi")
    change = reverse("admin:auth_user_change", args=[user.pk])
    page = operator.get(change).context["adminform"].form.initial
    kept = {"username": "vi", "date_joined_0": "2026-03-01", "date_joined_1": "12:00:00"}
    assert page["username"] == "vi"
    assert refused(operator.post(change, kept | {"is_staff": "on"}))
    operator.post(change, kept | {"is_staff": "on", "why": "she looks after it"})
    assert User.objects.get(username="vi").is_staff
    assert told() == [("add user", "she joins"), ("change user", "she looks after it")]


def test_a_secret_in_a_reason_is_not_kept(operator: Client) -> None:
    operator.post(ADD, {"name": "night", "why": "api_key=0123456789abcdef leaked"})
    assert told() == [("add group", "api_key=[secret] leaked")]


def test_who_may_only_look_is_not_asked(client: Client) -> None:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_group"))
    client.force_login(user)
    answer = client.get(of_group("change", crew()))
    assert answer.status_code == 200
    assert 'name="why"' not in answer.content.decode()


# --- deletions ----------------------------------------------------------------------------------


def test_a_deletion_asks_why_and_is_refused_without(operator: Client) -> None:
    group = crew()
    url = of_group("delete", group)
    assert 'name="why"' in operator.get(url).content.decode()
    again = operator.post(url, {"post": "yes"}).content.decode()
    assert "Nothing was deleted." in again
    assert 'name="why"' in again
    assert Group.objects.filter(name="crew").exists()
    operator.post(url, {"post": "yes", "why": "it never met"})
    assert not Group.objects.filter(name="crew").exists()
    assert told() == [("delete group", "it never met")]


def test_many_are_deleted_together_with_one_reason(operator: Client) -> None:
    groups = [crew(), Group.objects.create(name="night")]
    sent = {"action": "delete_selected", "_selected_action": [each.pk for each in groups]}
    url = reverse("admin:auth_group_changelist")
    assert 'name="why"' in operator.post(url, sent).content.decode()
    again = operator.post(url, sent | {"post": "yes"}).content.decode()
    assert "Nothing was deleted." in again
    assert Group.objects.filter(name="crew").exists()
    operator.post(url, sent | {"post": "yes", "why": "both are empty"})
    assert not Group.objects.filter(name__in=["crew", "night"]).exists()
    assert told() == [("delete group", "both are empty")] * 2


def test_who_may_not_delete_is_refused_and_not_asked(client: Client) -> None:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__endswith="_group"))
    user.user_permissions.remove(Permission.objects.get(codename="delete_group"))
    client.force_login(user)
    assert client.post(of_group("delete", crew()), {"post": "yes"}).status_code == 403
