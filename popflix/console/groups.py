"""Which permissions the groups have: a rule over names, applied after every `migrate`.

viewer      looks at everything of ours, and at the queue's own pages
operator    + what the words in OPERATORS begin, and what an admin page names in `operators_may`
approver    + what the words in APPROVERS begin
admin       every permission there is, accounts and groups too

A permission that fits no line is the admins' alone. The rule gives each permission once and
remembers it (`Granted`): what an operator adds or takes away by hand stays as it is. It takes back
only what it gave itself and would not give any more.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.apps import apps as apps_of_now
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.management import create_permissions
from django.db import transaction

VIEWER, OPERATOR, APPROVER, ADMIN = GROUPS = ("viewer", "operator", "approver", "admin")
OPERATORS = frozenset(
    {"run", "pause", "retry", "recheck", "cancel", "discard", "edit", "replay", "unlock"}
)
APPROVERS = frozenset({"approve", "reject", "undo"})
DJANGOS = frozenset({"view", "add", "change", "delete"})
_BESIDE_OURS = frozenset({"django_q"})  # by name: the console does not know the package


def groups_that_get(
    codename: str, *, is_ours: bool, is_shown: bool, by_page: Collection[str] = ()
) -> set[str]:
    """The groups to which a permission belongs.

    `is_shown`: its app's pages are shown to all; `by_page`: what the app's pages name.
    """
    verb = codename.partition("_")[0]
    if verb == "view" and is_shown:
        return set(GROUPS)
    if is_ours and (verb in OPERATORS or codename in by_page):
        return {OPERATOR, APPROVER, ADMIN}
    if is_ours and verb in APPROVERS:
        return {APPROVER, ADMIN}
    return {ADMIN}


def is_ours(app: AppConfig) -> bool:
    """Whether the app lies in this project, and not in the packages installed beside it."""
    path = Path(app.path)
    return path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts


def after_migrating(sender: AppConfig, using: str, apps: Any = apps_of_now, **kwargs: Any) -> None:
    """Receives post_migrate, once per app; `apps` are the models as far as they are migrated.

    Makes the app's permissions itself, because Django's own receiver may come after this one.
    """
    try:
        granted = apps.get_model("console", "Granted")
    except LookupError:  # somebody migrated one app alone, or backwards
        return
    if using != "default":
        return
    create_permissions(sender, verbosity=0, using=using, apps=apps)
    with transaction.atomic(using=using):
        _Giving(sender, apps, granted).apply()


class _Giving:
    """Brings the groups' permissions of one app in line with the rule."""

    def __init__(self, app: AppConfig, apps: Any, granted: Any) -> None:
        self._app, self._granted = app, granted
        self._permissions = apps.get_model("auth", "Permission").objects
        groups = apps.get_model("auth", "Group").objects
        found = {group.name: group for group in groups.filter(name__in=GROUPS)}
        self._groups = {
            name: found.get(name) or groups.get_or_create(name=name)[0] for name in GROUPS
        }

    def apply(self) -> None:
        given = set(
            self._granted.objects.filter(
                permission__content_type__app_label=self._app.label,
                group__name__in=GROUPS,
            ).values_list("group__name", "permission_id")
        )
        wanted = self._wanted()
        for name, group in self._groups.items():
            self._give(group, {key for at, key in wanted - given if at == name})
            self._take_back(group, {key for at, key in given - wanted if at == name})

    def _wanted(self) -> set[tuple[str, int]]:
        ours = is_ours(self._app)
        is_shown = ours or self._app.label in _BESIDE_OURS
        by_page = named_by_pages(self._app.label)
        rows = self._permissions.filter(content_type__app_label=self._app.label)
        return {
            (group, key)
            for key, codename in rows.values_list("pk", "codename")
            for group in groups_that_get(
                codename, is_ours=ours, is_shown=is_shown, by_page=by_page
            )
        }

    def _give(self, group: Any, keys: set[int]) -> None:
        if not keys:
            return
        group.permissions.add(*keys)
        self._granted.objects.bulk_create(
            [self._granted(group_id=group.pk, permission_id=key) for key in sorted(keys)],
            ignore_conflicts=True,
        )

    def _take_back(self, group: Any, keys: set[int]) -> None:
        if not keys:
            return
        group.permissions.remove(*keys)
        self._granted.objects.filter(group_id=group.pk, permission_id__in=keys).delete()


def named_by_pages(label: str) -> set[str]:
    """What the admin pages of an app leave to operators, as codenames."""
    return {
        f"{verb}_{model._meta.model_name}"
        for model, page in admin.site._registry.items()
        if model._meta.app_label == label
        for verb in getattr(page, "operators_may", ())
    }
