"""The list of rows in quarantine and the page of one, on which it is mended."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from popflix.console.columns import moment_column
from popflix.console.doors import action, shown
from popflix.console.menu import RECORDS
from popflix.console.pieces import render, vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.console.quarantine import many, one
from popflix.lib import replaying
from popflix.lib.admin import ReadOnlyAdmin, WhyForm, key_prefix, why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.models import QuarantinedRow

_LIST = "admin:lib_quarantinedrow_changelist"
_MENDABLE, _KEPT = "mendable", "kept"
vocabulary.register(
    "quarantine",
    {_MENDABLE: State("Can be mended", Tone.WAIT), _KEPT: State("Only kept", Tone.QUIET)},
)


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(ReadOnlyAdmin):
    """Rows are never edited in place: one is taken as mended, replayed as it is, or discarded."""

    menu = (RECORDS, 30)
    menu_label = "Quarantine"
    action_form = WhyForm
    actions = ("replay", "discard")
    list_display = ("source", "line", "reason", "when", "state")
    ordering = ("-id",)
    search_fields = ("source",)
    search_help_text = "The file's name or its beginning, with a line if you like: titles.tsv:17."
    empty_hint = "Lines of a file that make no sense wait here; none does."

    when = moment_column("at", "when")

    @admin.display(description="state")
    def state(self, row: QuarantinedRow) -> SafeString:
        return render.badge("quarantine", _MENDABLE if replaying.replayer_of(row) else _KEPT)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        name, _, line = search_term.strip().rpartition(":")
        if name and line.isdecimal() and len(line) <= many.LONGEST_LINE:
            return queryset.filter(source=name, line=int(line)), False
        found = search_term.strip()
        return (queryset.filter(key_prefix("source", found)) if found else queryset), False

    # --- permissions --------------------------------------------------------------------

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("lib.replay_quarantinedrow"))

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("lib.discard_quarantinedrow"))

    # --- many ---------------------------------------------------------------------------

    @admin.action(description="Replay: take those that can be read now", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        many.replay(request, queryset)

    @admin.action(description="Discard…", permissions=["discard"])
    def discard(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return many.discard(request, queryset)

    # --- one ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        replay = action("lib.replay_quarantinedrow")(self.replay_one)
        discard = action("lib.discard_quarantinedrow")(self.discard_one)
        return [
            path("<int:object_id>/replay/", replay, name="lib_quarantinedrow_replay"),
            path("<int:object_id>/discard/", discard, name="lib_quarantinedrow_discard"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one row."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self.get_object(request, object_id)
        if row is None:
            return self._gone(request)
        return self._page(request, one.sheet(row))

    def replay_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take the row as it was sent; what cannot be read is told at its field."""
        row = self.get_object(request, str(object_id))
        if row is None:
            return self._gone(request)
        sheet = one.sheet(row, request.POST.getlist("field"))
        if sheet.faults:
            messages.error(request, f"{sheet.faults_words} cannot be read. Nothing was written.")
            return self._page(request, sheet)
        try:
            why = why_said(request) or "checked on its page"
            words = replaying.take_one(
                row.pk, sheet.raw, by=request.user, why=why, now=SYSTEM_CLOCK.now()
            )
        except OperatorError as error:
            messages.error(request, f"{error.cause} {error.cure} Nothing was written.")
            return self._page(request, sheet)
        messages.success(request, f"Row {sheet.name} is taken: {words}.")
        return redirect(_LIST)

    def discard_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        if self.get_object(request, str(object_id)) is None:
            return self._gone(request)
        why = why_said(request)
        if not replaying.discard([object_id], by=request.user, why=why, now=SYSTEM_CLOCK.now()):
            return self._gone(request)
        messages.success(request, "The row is discarded. The audit trail has kept it.")
        return redirect(_LIST)

    def _page(self, request: HttpRequest, sheet: one.Sheet) -> HttpResponse:
        page = reverse("admin:lib_quarantinedrow_change", args=[sheet.row.pk])
        return shown(
            request, "admin/lib/quarantinedrow/change_form.html", sheet.name, sheet=sheet,
            page=page, may_replay=self.has_replay_permission(request),
            may_discard=self.has_discard_permission(request), opts=self.opts,
        )  # fmt: skip

    def _gone(self, request: HttpRequest) -> HttpResponse:
        messages.info(request, "That row is gone: somebody took or discarded it.")
        return redirect(_LIST)
