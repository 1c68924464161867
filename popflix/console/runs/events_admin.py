"""The list of events: what the engine told, newest first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.console import menu
from popflix.console.columns import badge_column, moment_column
from popflix.console.engine_admin import UnitFilter
from popflix.console.pieces import render
from popflix.console.runs.telling import milestone_of, told, told_whole
from popflix.engine.models import Event
from popflix.lib.admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """No filter by kind: rare kinds would be looked for through the whole table."""

    menu = (menu.RECORDS, 20)
    list_display = ("id", "when", "kind_badge", "unit", "run_link", "milestone", "told")
    list_filter = (UnitFilter,)
    ordering = ("-id",)
    empty_hint = "Each step of a run is written here; start a unit, and it appears."
    fields = ("id", "when", "kind_badge", "unit", "run_link", "milestone", "all_told")
    readonly_fields = fields

    when = moment_column("at", "when")
    kind_badge = badge_column("kind", "event", "kind")

    @admin.display(description="run")
    def run_link(self: Any, event: Event) -> SafeString:
        if event.run_id is None:
            return render.moment(None)
        href = reverse("admin:engine_run_change", args=[event.run_id])
        return format_html('<a class="nowrap" href="{}">run {}</a>', href, event.run_id)

    @admin.display(description="milestone")
    def milestone(self, event: Event) -> str:
        return milestone_of(event)

    @admin.display(description="told")
    def told(self, event: Event) -> str:
        return told(event.payload)

    @admin.display(description="told")
    def all_told(self, event: Event) -> str:
        return told_whole(event.payload)
