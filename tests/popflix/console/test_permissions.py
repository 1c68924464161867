"""Every address and every action of the site: who is refused, and that looking changes nothing.

The pages are found, not listed: what is added later is covered by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client

from popflix.console.runs.admin import RunAdmin
from popflix.lib import audit
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.models import AuditEntry
from tests.popflix.console import walking

pytestmark = pytest.mark.django_db

# By the names of their addresses, or their labels. Whoever adds one here says that nothing stands
# on it which needs a permission.
OPEN_TO_ALL = {"login", "favicon"}
OPEN_TO_STAFF = {
    "index", "logout", "password_change", "password_change_done", "jsi18n", "console_pieces",
    "console_panel needs",  # each need says which permission one must have to be shown it
}  # fmt: skip


def is_open(page: walking.Page) -> bool:
    return bool({page.name, page.label} & (OPEN_TO_ALL | OPEN_TO_STAFF))


@pytest.fixture(autouse=True)
def rows() -> None:
    walking.fill_every_table()


def client_of(user: User, *, enforce_csrf_checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(user)
    return client


def superuser() -> User:
    return User.objects.create_superuser("ada")


def staff(*codenames: str) -> User:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def looker() -> User:
    """May look at everything, and nothing else."""
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


def test_the_walk_reaches_every_page_of_every_model() -> None:
    client = client_of(superuser())
    found = {page.name for page in walking.pages()}
    for model in admin.site._registry:
        assert f"{model._meta.app_label}_{model._meta.model_name}_changelist" in found
    wanted = ("_changelist", "_change", "_history", "_file")
    of_models = [page for page in walking.pages() if page.name.endswith(wanted) and page.owner]
    assert len(of_models) >= 3 * len(admin.site._registry)
    answers = {page.path: client.get(page.path).status_code for page in of_models}
    assert not {path: code for path, code in answers.items() if code != 200}


def test_a_get_changes_no_row() -> None:
    client = client_of(superuser())
    paths = [page.path for page in walking.pages()]
    with walking.Rows() as rows:
        for path in paths:
            assert client.get(path).status_code < 500, path
            rows.assert_same(path)


def test_a_get_that_names_an_action_changes_no_row() -> None:
    client = client_of(superuser())
    with walking.Rows() as rows:
        for model, action, _ in walking.actions():
            client.get(walking.list_of(model), walking.chosen(model, action))
            rows.assert_same((model, action))


def test_a_stranger_sees_the_login_page_alone() -> None:
    before = walking.all_rows()
    for page in walking.pages():
        if page.name in OPEN_TO_ALL:
            continue
        for answer in (Client().get(page.path), Client().post(page.path)):
            assert answer.status_code in (302, 403, 404, 405), page
    assert walking.all_rows() == before


def test_who_has_no_permission_is_refused_on_every_page() -> None:
    client = client_of(staff())
    paths = [page for page in walking.pages() if not is_open(page)]
    with walking.Rows() as rows:
        for page in paths:
            # Addresses without a name lead elsewhere: to the list, to the page of a row.
            refusals = (403, 404, 405) if page.name else (302, 403, 404)
            assert client.get(page.path).status_code in refusals, page
            answer = client.post(page.path, {"post": "yes"})
            assert answer.status_code in (*refusals, 405), page
            rows.assert_same(page)


def test_who_may_only_look_changes_nothing_on_any_page() -> None:
    client = client_of(looker())
    paths = [page for page in walking.pages() if not is_open(page)]
    sent = walking.sent()
    with walking.Rows() as rows:
        for page in paths:
            client.post(page.path, sent)
            rows.assert_same(page)


def test_an_address_that_does_something_refuses_who_may_only_look() -> None:
    pages = found_actions(client_of(superuser()))
    client = client_of(looker())
    answers = {page.name: client.post(page.path, walking.sent()).status_code for page in pages}
    assert set(answers.values()) == {403}, answers


def test_who_may_only_look_is_refused_every_action() -> None:
    client = client_of(looker())
    with walking.Rows() as rows:
        for model, action, _ in walking.actions():
            client.post(walking.list_of(model), walking.chosen(model, action))
            rows.assert_same((model, action))


def test_every_action_names_the_permission_that_it_needs() -> None:
    nameless = [
        (model, name)
        for model, name, function in walking.actions()
        if not getattr(function, "allowed_permissions", ())
    ]
    assert nameless == []


def test_every_page_refuses_a_post_without_its_token() -> None:
    client = client_of(superuser(), enforce_csrf_checks=True)
    before = walking.all_rows()
    for page in walking.pages():
        assert client.post(page.path, {"post": "yes"}).status_code == 403, page
    assert walking.all_rows() == before


def test_every_action_refuses_a_post_without_its_token() -> None:
    client = client_of(superuser(), enforce_csrf_checks=True)
    before = walking.all_rows()
    for model, action, _ in walking.actions():
        answer = client.post(walking.list_of(model), walking.chosen(model, action))
        assert answer.status_code == 403, (model, action)
    assert walking.all_rows() == before


def test_what_an_action_does_is_in_the_audit_trail() -> None:
    client = client_of(superuser())
    silent = []
    for model, action, _ in list(walking.actions()):
        walking.fill_every_table()
        sent = walking.chosen(model, action) | {"why": "for this test"}
        if _changes_without_entry(client, walking.list_of(model), sent):
            silent.append((model, action))
    assert silent == []


def test_what_an_address_does_is_in_the_audit_trail() -> None:
    client = client_of(superuser())
    silent, heard = [], set()
    for page in found_actions(client):
        with transaction.atomic():  # each begins with the same rows
            entries = AuditEntry.objects.count()
            if _changes_without_entry(client, page.path, walking.sent()):
                silent.append(page)
            elif AuditEntry.objects.count() > entries:
                heard.add(page.name)
            transaction.set_rollback(True)
    assert silent == []
    assert heard >= DOES_SOMETHING


# Of the addresses that do something, those which the walk's rows let do it.
DOES_SOMETHING = {
    "console_unit_run", "console_unit_pause", "console_letters_retry", "engine_run_retry",
    "engine_run_cancel",
}  # fmt: skip


def found_actions(client: Client) -> list[walking.Page]:
    found = walking.addresses_of_actions(client)
    return [page for page in found if not is_open(page)]


UNAUDITED = {"django_session", "django_admin_log", "lib_auditentry"}


def _changes_without_entry(client: Client, path: str, sent: Mapping[str, Any]) -> bool:
    before = walking.all_rows()
    client.post(path, sent)
    after = walking.all_rows()
    changed = {name for name in before if before[name] != after[name]} - UNAUDITED
    return bool(changed) and before["lib_auditentry"] == after["lib_auditentry"]


def test_an_action_without_a_permission_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(RunAdmin.cancel, "allowed_permissions")
    with pytest.raises(AssertionError):
        test_every_action_names_the_permission_that_it_needs()
    with pytest.raises(AssertionError):
        test_who_may_only_look_is_refused_every_action()


def test_an_address_that_does_something_in_silence_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "record", lambda *_, **__: None)
    with pytest.raises(AssertionError):
        test_what_an_address_does_is_in_the_audit_trail()


def test_a_page_that_is_left_open_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunAdmin, "has_view_permission", lambda *_: True)
    with pytest.raises(AssertionError):
        test_who_has_no_permission_is_refused_on_every_page()


def test_a_page_that_writes_when_it_is_looked_at_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def looked_at(*_: object) -> bool:
        AuditEntry.objects.create(at=walking.NOW, actor_name="page", action="look")
        return True

    monkeypatch.setattr(RunAdmin, "has_view_permission", looked_at)
    with pytest.raises(AssertionError):
        test_a_get_changes_no_row()


def test_what_is_read_only_is_left_to_no_group() -> None:
    for page in admin.site._registry.values():
        if isinstance(page, ReadOnlyAdmin):
            assert page.operators_may == ()
