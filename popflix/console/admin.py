"""The admin's pages of what the platform keeps; importing them registers them."""

from __future__ import annotations

from django.contrib import admin

from popflix.console import (
    accounts_admin,
    audit_admin,
    engine_admin,
    engine_admin_runs,
    engine_admin_schedules,
)
from popflix.console.columns import moment_column
from popflix.engine.q2 import admin_pages
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.models import QuarantinedRow

__all__ = [
    "accounts_admin",
    "admin_pages",
    "audit_admin",
    "engine_admin",
    "engine_admin_runs",
    "engine_admin_schedules",
]


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(ReadOnlyAdmin):
    list_display = ("source", "line", "reason", "when")
    ordering = ("-id",)
    empty_hint = "Lines of a file that make no sense wait here; none did so far."

    when = moment_column("at", "when")
