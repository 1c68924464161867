"""Plain pages of what the platform keeps: runs, their events, the audit trail, quarantine."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from popflix.engine.models import Event, Run
from popflix.lib.admin import ReadOnlyAdmin
from popflix.lib.models import AuditEntry, QuarantinedRow


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "unit", "status", "trigger", "done_count", "total_count", "ok_count",
        "failed_count", "queued_at", "finished_at", "error",
    )  # fmt: skip
    list_filter = ("status",)
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "unit", "run", "kind", "milestone_id", "payload")
    list_select_related = ("run",)
    ordering = ("-id",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "action", "target", "count", "why")
    ordering = ("-at",)
    sortable_by: ClassVar[Any] = ("at",)


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(ReadOnlyAdmin):
    list_display = ("source", "line", "reason", "at")
    ordering = ("-id",)
