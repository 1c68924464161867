"""Django's pages of accounts and groups, with every change in the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from popflix.lib import audit
from popflix.lib.admin import AnyModelAdmin
from popflix.lib.clock import SYSTEM_CLOCK

if TYPE_CHECKING:  # the stubs' class is generic, Django's own is not
    AnyUserAdmin = UserAdmin[User]
else:
    AnyUserAdmin = UserAdmin


class Audited(AnyModelAdmin):
    """Django tells these methods of every change; which fields, never what stands in them."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _tell(request, "add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _tell(request, "change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for each in queryset:
            _tell(request, "delete", each, "")
        return super().log_deletions(request, queryset)


def _tell(request: HttpRequest, verb: str, obj: Any, message: Any) -> None:
    name = obj._meta.verbose_name
    details = {"changes": message} if message else {}
    audit.record(
        request.user,
        f"{verb} {name}",
        at=SYSTEM_CLOCK.now(),
        target=f"{name} {obj}",
        details=details,
    )


admin.site.unregister([User, Group])


@admin.register(User)
class AccountAdmin(Audited, AnyUserAdmin):
    pass


@admin.register(Group)
class AccountGroupAdmin(Audited, GroupAdmin):
    pass
