"""Change sets: what reconciling each load came to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from popflix.console.columns import badge_column, moment_column
from popflix.console.pieces import vocabulary
from popflix.lib.admin import ReadOnlyAdmin
from reconcile.changes import told
from reconcile.changes.guard import WEEKDAYS
from reconcile.changes.holds import held_url
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.changes.screens import cells
from reconcile.changes.screens.words import SET, SHOWS, STATE
from reconcile.feed.models import Cinema

_HOLDS = 20  # slices whose reasons are shown


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
        more = {**_page(object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands on the page itself."""
        return ()


def _page(object_id: str) -> dict[str, Any]:
    """Empty where there is no such row: the page that follows says so."""
    change_set = (
        ChangeSet.objects.filter(pk=int(object_id)).first() if object_id.isdecimal() else None
    )
    if change_set is None:
        return {}
    states = [state for state in ChangeState if told.in_state(change_set.counts, state)]
    return {
        "title": "What a load came to",
        "subtitle": f"Change set {change_set.pk} of {change_set.source}",
        "change_set": change_set,
        "states": [(str(state), vocabulary.state(STATE, state).label) for state in states],
        "kinds": [
            (str(kind), [(str(state), of.get(state, 0)) for state in states])
            for kind, of in told.by_kind(change_set.counts).items()
        ],
        "holds": _holds(change_set),
        "held_url": held_url(change_set.pk),
    }


def _holds(change_set: ChangeSet) -> list[dict[str, Any]]:
    """Why something is held, by slice and in its words."""
    held = Change.objects.filter(change_set=change_set, state=ChangeState.HELD).order_by()
    slices = held.values_list("cinema_id", "weekday", "reason").distinct()[:_HOLDS]
    rows = sorted(slices)
    names = Cinema.objects.in_bulk([cinema_id for cinema_id, _, _ in rows])
    return [
        {
            "cinema": str(names.get(cinema_id, f"cinema {cinema_id}")),
            "cinema_id": cinema_id,
            "weekday": WEEKDAYS[weekday % 7],
            "why": reason or "waits for a person",
        }
        for cinema_id, weekday, reason in rows
    ]
