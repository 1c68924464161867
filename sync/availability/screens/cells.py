"""The cells of the list of availability."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from popflix.console.pieces import render
from sync.availability.models import Availability
from sync.availability.screens.shown import Shown

NOTHING = "–"  # an empty cell, as Django's are here: a phone leaves it out


def _cell(name: str, row: Availability) -> SafeString:
    context = {"shown": Shown(row)}
    return mark_safe(render_to_string(f"sync/availability/cells/{name}.html", context).strip())


@admin.display(description="movie")
def name(self: Any, row: Availability) -> SafeString:
    return _cell("name", row)


@admin.display(description="provider")
def where(self: Any, row: Availability) -> str:
    return Shown(row).where


@admin.display(description="known answer")
def state(self: Any, row: Availability) -> SafeString:
    return _cell("state", row)


@admin.display(description="last check")
def checked(self: Any, row: Availability) -> SafeString:
    return _cell("checked", row)


@admin.display(description="next check")
def upcoming(self: Any, row: Availability) -> SafeString | str:
    return _cell("upcoming", row) if Shown(row).may_be_asked else NOTHING


@admin.display(description="again")
def again(self: Any, row: Availability) -> SafeString | str:
    shown = Shown(row)
    if not shown.may_be_asked:
        return NOTHING
    url = reverse("admin:sync_availability_recheck", args=[row.pk])
    return render.row_button(url, shown.asked, shown.full_name)
