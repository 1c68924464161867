"""The page of the audit trail: by action, by actor, by day, and by the beginning of a target."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from popflix.console import menu
from popflix.console.columns import moment_column
from popflix.console.trail import details, export, targets
from popflix.console.trail.filters import ActionFilter, ActorFilter, DayFilter
from popflix.lib.admin import ReadOnlyAdmin, key_prefix
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    menu = (menu.RECORDS, 10)
    menu_label = list_title = "Audit trail"
    list_display = ("when", "who", "action", "about", "count", "why")
    list_filter = (ActionFilter, ActorFilter, DayFilter)
    search_fields = ("target",)
    search_help_text = "What was acted on, or how it begins: tt0111161, greet run 17, user ada."
    ordering = ("-at",)
    sortable_by: ClassVar[Any] = ("when",)
    empty_hint = "Whatever somebody changes by hand is written here, with who, when and why."
    readonly_fields = ("when", "who", "about", "told")
    fields = ("when", "who", "action", "about", "count", "why", "told")

    when = moment_column("at", "when")

    @admin.display(description="who")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor_name

    @admin.display(description="target")
    def about(self, entry: AuditEntry) -> str:
        href = targets.link_of(entry.target)
        return format_html('<a href="{}">{}</a>', href, entry.target) if href else entry.target

    @admin.display(description="details")
    def told(self, entry: AuditEntry) -> SafeString:
        found = details.told(entry.details)
        facts = [(name, text, _link_of_fact(name, text)) for name, text in found.facts]
        page = render_to_string("console/trail/details.html", {"told": found, "facts": facts})
        return mark_safe(page.strip())

    # --- as a file ----------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.download))
        return [path("export/", view, name="lib_auditentry_export"), *super().get_urls()]

    def download(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows with the same filters and search, all its pages together."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = request.GET.copy()
        for page in ("p", "all", "o"):
            chosen.pop(page, None)
        request.GET = chosen  # type: ignore[assignment]  # a copy that can be changed
        try:
            entries = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:lib_auditentry_changelist")
        day = SYSTEM_CLOCK.now().date().isoformat()
        return export.as_file(entries, f"audit-trail-{day}.csv")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(key_prefix("target", term)) if term else queryset), False


def _link_of_fact(name: str, text: str) -> str:
    return targets.run_link(text) if name == "run" and text.isdecimal() else ""
