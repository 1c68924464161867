"""The groups: who gets what, by which rule, and that what people changed by hand stays."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from popflix.console.groups import (
    ADMIN,
    APPROVER,
    APPROVERS,
    DJANGOS,
    GROUPS,
    OPERATOR,
    OPERATORS,
    VIEWER,
    after_migrating,
    groups_that_get,
    is_ours,
)
from popflix.console.models import Granted

pytestmark = pytest.mark.django_db


def migrated() -> None:
    """What every `migrate` does in the end."""
    for app in apps.get_app_configs():
        after_migrating(app, using="default")


def codenames(group: str) -> set[str]:
    rows = Permission.objects.filter(group__name=group).select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


def member(group: str) -> User:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def test_a_migrated_site_has_the_four_groups() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(GROUPS)


def test_viewers_look_at_everything_and_do_nothing() -> None:
    assert {name.partition(".")[2].partition("_")[0] for name in codenames(VIEWER)} == {"view"}
    looked_at = {"engine.view_run", "sync.view_title", "lib.view_auditentry", "django_q.view_ormq"}
    assert looked_at <= codenames(VIEWER)
    assert not any(name.startswith(("auth.", "sessions.")) for name in codenames(VIEWER))


def test_operators_run_pause_retry_and_edit_what_pages_leave_to_them() -> None:
    assert codenames(OPERATOR) - codenames(VIEWER) == {
        "engine.run_unit", "engine.pause_unit", "engine.retry_run", "engine.cancel_run",
        "engine.add_schedule", "engine.change_schedule", "engine.delete_schedule",
        "sync.change_medialinks", "engine.discard_run", "lib.replay_quarantinedrow",
        "sync.add_movie", "sync.change_movie",
        "lib.discard_quarantinedrow", "sync.retry_medialinks", "sync.recheck_availability",
    }  # fmt: skip


def test_approvers_may_all_that_operators_may() -> None:
    assert codenames(OPERATOR) <= codenames(APPROVER)


def test_admins_have_every_permission_there_is() -> None:
    assert Group.objects.get(name=ADMIN).permissions.count() == Permission.objects.count()


def test_a_member_has_what_the_group_has() -> None:
    assert member(OPERATOR).has_perm("engine.retry_run")
    assert not member(VIEWER).has_perm("engine.retry_run")
    assert member(ADMIN).has_perm("auth.change_user")


def test_a_superuser_passes_every_check() -> None:
    assert User.objects.create_superuser("ada").has_perm("engine.pause_unit")


@pytest.mark.parametrize(
    ("codename", "groups"),
    [
        ("view_changeset", set(GROUPS)),
        ("run_slice", {OPERATOR, APPROVER, ADMIN}),
        ("approve_changeset", {APPROVER, ADMIN}),
        ("undo_changeset", {APPROVER, ADMIN}),
        ("change_changeset", {ADMIN}),
        ("erase_changeset", {ADMIN}),
    ],
)
def test_permissions_of_apps_to_come_fall_under_the_rule(codename: str, groups: set[str]) -> None:
    assert groups_that_get(codename, is_ours=True, is_shown=True) == groups


def test_of_other_peoples_apps_nothing_but_looking_is_given_away() -> None:
    assert groups_that_get("run_x", is_ours=False, is_shown=True) == {ADMIN}
    assert groups_that_get("view_user", is_ours=False, is_shown=False) == {ADMIN}


def test_ours_are_the_apps_of_this_project() -> None:
    ours = {app.label for app in apps.get_app_configs() if is_ours(app)}
    assert {"console", "engine", "lib", "sync"} <= ours
    assert not ours & {"auth", "admin", "django_q", "sessions"}


def test_every_permission_of_our_own_begins_with_a_word_of_the_rule() -> None:
    """Else it would silently be the admins' alone."""
    words = {
        codename.partition("_")[0]
        for app in apps.get_app_configs()
        if is_ours(app)
        for model in app.get_models()
        for codename, _ in model._meta.permissions
    }
    assert words
    assert words <= (OPERATORS | APPROVERS) - DJANGOS


def test_a_second_time_changes_nothing() -> None:
    before = {group: codenames(group) for group in GROUPS}
    granted = Granted.objects.count()
    migrated()
    assert {group: codenames(group) for group in GROUPS} == before
    assert Granted.objects.count() == granted


def test_a_permission_that_comes_later_is_given_once() -> None:
    run = ContentType.objects.get(app_label="engine", model="run")
    later = Permission.objects.create(content_type=run, codename="replay_run", name="later")
    migrated()
    assert "engine.replay_run" in codenames(OPERATOR)
    assert "engine.replay_run" not in codenames(VIEWER)
    Group.objects.get(name=OPERATOR).permissions.remove(later)
    migrated()
    assert "engine.replay_run" not in codenames(OPERATOR)


def test_what_was_added_by_hand_stays() -> None:
    extra = Permission.objects.get(codename="view_user")
    Group.objects.get(name=VIEWER).permissions.add(extra)
    migrated()
    assert "auth.view_user" in codenames(VIEWER)


def test_what_the_rule_gives_no_more_it_takes_back() -> None:
    """Only what it gave itself."""
    viewer = Group.objects.get(name=VIEWER)
    given, added = Permission.objects.filter(codename__in=["add_run", "delete_run"])
    viewer.permissions.add(given, added)
    Granted.objects.create(group=viewer, permission=given)
    migrated()
    assert codenames(VIEWER) & {"engine.add_run", "engine.delete_run"} == {
        f"engine.{added.codename}"
    }


def test_a_group_that_was_deleted_is_made_again() -> None:
    Group.objects.get(name=OPERATOR).delete()
    migrated()
    assert "engine.retry_run" in codenames(OPERATOR)


def test_groups_of_other_names_are_left_alone() -> None:
    other = Group.objects.create(name="auditors")
    migrated()
    assert not other.permissions.exists()


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_gets_them_again() -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert "engine.retry_run" in codenames(OPERATOR)


def test_other_databases_are_none_of_its_business() -> None:
    Group.objects.all().delete()
    after_migrating(apps.get_app_config("engine"), using="elsewhere")
    assert not Group.objects.exists()
