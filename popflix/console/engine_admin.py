"""Plain pages of what the engine keeps for itself: pauses, supervisors, notifications."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from popflix.console import menu
from popflix.console.columns import moment_column
from popflix.console.pieces import render
from popflix.console.units.links import unit_link
from popflix.engine.models import Notification, Pause, Supervisor
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


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    """Units are paused on their own pages and resumed there and here; both is told as events."""

    menu = (menu.WORK, 50)
    list_display = ("held_unit", "holder", "by", "why", "since", "condition", "next_check")
    list_display_links = ("holder",)
    readonly_fields = ("held_unit", "since", "next_check")
    fields = ("held_unit", "holder", "by", "why", "since", "condition", "next_check", "memory")
    ordering = ("unit", "holder")
    empty_hint = "No unit is paused. The page of a unit pauses it, with a reason."

    since = moment_column("at", "since")
    next_check = moment_column("check_at", "asked again")

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        return (*shown, "go_on") if request.user.has_perm("engine.pause_unit") else shown

    @admin.display(description="unit")
    def held_unit(self, pause: Pause) -> SafeString:
        return unit_link(pause.unit)

    @admin.display(description="resume")
    def go_on(self, pause: Pause) -> SafeString:
        """It ends every pause of the unit, whoever holds it."""
        href = reverse("console_unit_resume", args=[pause.unit])
        return render.row_button(href, "Resume", pause.unit)


@admin.register(Supervisor)
class SupervisorAdmin(ReadOnlyAdmin):
    menu = (menu.HOOD, 10)
    list_display = ("host", "pid", "workers", "started", "heard", "replaced")
    ordering = ("host", "pid")
    empty_hint = "Nothing works the queue: start `manage.py work`, or `make serve`."

    started = moment_column("started_at")
    heard = moment_column("beat_at", "last heard")

    @admin.display(description="clusters replaced")
    def replaced(self, supervisor: Supervisor) -> int:
        return supervisor.replaced_count


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    menu = (menu.RECORDS, 40)
    list_display = (
        "id", "kind", "of_unit", "subject", "channel", "created", "sent", "attempts", "last_error",
    )  # fmt: skip
    list_filter = ("kind", "channel")
    readonly_fields = ("of_unit", "created", "sent")
    fields = (
        "of_unit", "kind", "subject", "body", "channel", "created", "sent", "attempts",
        "last_error", "cause",
    )  # fmt: skip
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("id",)
    empty_hint = "The first failure of a unit and its recovery are told here, and sent."

    created = moment_column("created_at")

    @admin.display(description="unit")
    def of_unit(self, notification: Notification) -> SafeString:
        """The cause names it: `failing:import-titles:17`."""
        _, _, rest = notification.cause.partition(":")
        return unit_link(rest.partition(":")[0])

    sent = moment_column("sent_at")
