"""Plain pages of what the platform keeps: the engine's tables, the audit trail, quarantine."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from popflix.console import engine_admin, engine_admin_runs, engine_admin_schedules
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.models import AuditEntry, QuarantinedRow

__all__ = ["engine_admin", "engine_admin_runs", "engine_admin_schedules"]  # their pages


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "action", "target", "count", "why")
    ordering = ("-at",)
    sortable_by: ClassVar[Any] = ("at",)


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(ReadOnlyAdmin):
    list_display = ("source", "line", "reason", "at")
    ordering = ("-id",)
