"""Plain pages of what the engine keeps for itself: events, pauses, supervisors, notifications."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from popflix.engine.models import Event, Notification, Pause, Supervisor
from popflix.engine.registry import registry
from popflix.lib.admin import ReadOnlyAdmin


class UnitFilter(admin.SimpleListFilter):
    """By the units there are: Django's own filter would read the whole table for the values."""

    title = "unit"
    parameter_name = "unit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in registry.names()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(unit=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "unit", "run", "kind", "milestone_id", "payload")
    list_filter = (UnitFilter,)
    list_select_related = ("run",)
    ordering = ("-id",)


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    """Pausing goes through `manage.py pause` and `resume`, which tell it as events."""

    list_display = ("unit", "holder", "by", "why", "at", "condition", "check_at")
    ordering = ("unit", "holder")


@admin.register(Supervisor)
class SupervisorAdmin(ReadOnlyAdmin):
    list_display = ("host", "pid", "workers", "started_at", "beat_at", "replaced_count")
    ordering = ("host", "pid")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "kind", "subject", "channel", "created_at", "sent_at", "attempts", "last_error",
    )  # fmt: skip
    list_filter = ("kind", "channel")
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
