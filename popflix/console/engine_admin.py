"""Plain pages of what the engine keeps for itself: events, pauses, supervisors, notifications."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from popflix.console.columns import badge_column, moment_column
from popflix.console.run_page import milestone_of
from popflix.engine.models import Event, Notification, Pause, Supervisor
from popflix.engine.registry import registry
from popflix.engine.views.words import cut, pairs
from popflix.lib.admin import ReadOnlyAdmin


class UnitFilter(admin.SimpleListFilter):
    """By the units there are: Django's own filter would read the whole table for the values."""

    title = "unit"
    parameter_name = "unit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in registry.names()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(unit=self.value()) if self.value() else queryset


_TOLD = 160  # characters of an event's payload


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "when", "kind_badge", "unit", "run", "milestone", "told")
    list_filter = (UnitFilter,)
    list_select_related = ("run",)
    ordering = ("-id",)
    empty_hint = "Each step of a run is written here; start one with `manage.py run_unit`."

    when = moment_column("at", "when")
    kind_badge = badge_column("kind", "event")

    @admin.display(description="milestone")
    def milestone(self, event: Event) -> str:
        return milestone_of(event)

    @admin.display(description="told")
    def told(self, event: Event) -> str:
        return cut(pairs(event.payload), _TOLD)


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    """Pausing goes through `manage.py pause` and `resume`, which tell it as events."""

    list_display = ("unit", "holder", "by", "why", "since", "condition", "next_check")
    ordering = ("unit", "holder")
    empty_hint = "No unit is paused. `manage.py pause` holds one, with a reason."

    since = moment_column("at", "since")
    next_check = moment_column("check_at", "asked again")


@admin.register(Supervisor)
class SupervisorAdmin(ReadOnlyAdmin):
    list_display = ("host", "pid", "workers", "started", "heard", "replaced_count")
    ordering = ("host", "pid")
    empty_hint = "Nothing works the queue: start `manage.py work`, or `make serve`."

    started = moment_column("started_at")
    heard = moment_column("beat_at", "last heard")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "kind", "subject", "channel", "created", "sent", "attempts", "last_error",
    )  # fmt: skip
    list_filter = ("kind", "channel")
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    empty_hint = "The first failure of a unit and its recovery are told here, and sent."

    created = moment_column("created_at")
    sent = moment_column("sent_at")
