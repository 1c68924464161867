"""Change sets: what reconciling each load came to, and the addresses of what is decided there."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from popflix.console.columns import badge_column, moment_column
from popflix.lib.admin import ReadOnlyAdmin
from reconcile.changes.models import ChangeSet
from reconcile.changes.screens import cells, many, one, set_page, undo
from reconcile.changes.screens.review import review
from reconcile.changes.screens.words import SET, SHOWS


@admin.register(ChangeSet)
class ChangeSetAdmin(ReadOnlyAdmin):
    menu = (SHOWS, 10)
    menu_label = "Change sets"
    list_display = ("number", "source", "state_word", "badges", "held", "unchanged", "made", "run")
    list_filter = ("state",)
    ordering = ("-id",)
    sortable_by: ClassVar[Any] = ("number",)
    empty_hint = "`manage.py load_shows`, then `manage.py reconcile_shows`: differences come here."

    number, badges, held = cells.number, cells.badges, cells.held
    unchanged, run = cells.unchanged, cells.run
    state_word = badge_column("state", SET, "state")
    made = moment_column("created_at", "made")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        more = {**set_page.context(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands on the page itself."""
        return ()

    def get_urls(self) -> list[URLPattern]:
        views = {
            "review": review, "decide": one.decide_some, "decide-all": many.decide_all,
            "undo": undo.undo, "apply": one.apply_now,
        }  # fmt: skip
        return [
            *(
                path(
                    f"<int:object_id>/{name}/", view,
                    name=f"reconcile_changeset_{name.replace('-', '_')}",
                )
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]  # fmt: skip
