"""Django's pages of accounts and groups, with every change and its why in the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from popflix.lib import audit
from popflix.lib.admin import AnyModelAdmin, AskWhy, Headed, why_field, why_said
from popflix.lib.clock import SYSTEM_CLOCK

if TYPE_CHECKING:  # the stubs' class is generic, Django's own is not
    AnyUserAdmin = UserAdmin[User]
else:
    AnyUserAdmin = UserAdmin


class Audited(Headed):
    """Django tells these methods of every change; which fields, never what stands in them."""

    class Media:
        js = ("console/tooltips.js",)

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
        why=why_said(request),
        details=details,
    )


class PlainChoices(AnyModelAdmin):
    """The browser's own lists: Django's pair of lists has no names for who hears the page."""

    filter_horizontal = ()

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Groups are made on their own page, with their why."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and hasattr(field.widget, "can_add_related"):
            field.widget.can_add_related = False
        return field

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple()
        else:
            kwargs["widget"] = forms.SelectMultiple({"size": 14})
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class SetPassword(AdminPasswordChangeForm):  # type: ignore[type-arg]  # Django's is not generic
    """Somebody else's password."""

    why = why_field()


admin.site.unregister([User, Group])


@admin.register(User)
class AccountAdmin(PlainChoices, AskWhy, Audited, AnyUserAdmin):
    change_password_form = SetPassword
    change_user_password_template = "console/accounts/set_password.html"
    menu = ("Accounts", 10)
    readonly_fields = ("last_login", "date_joined")  # the site keeps them


@admin.register(Group)
class AccountGroupAdmin(PlainChoices, AskWhy, Audited, GroupAdmin):
    menu = ("Accounts", 20)
