"""The cells of the lists of change sets and of changes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from popflix.console.pieces import render, vocabulary
from reconcile.changes import told
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.changes.policy.guard import WEEKDAYS
from reconcile.changes.screens.around import of
from reconcile.changes.screens.words import KIND

NOTHING = "-"  # Django's word for an empty cell, which a phone leaves out
_WHY_LENGTH = 120

# --- change sets --------------------------------------------------------------------------------


@admin.display(description="change set", ordering="pk")
def number(self: Any, change_set: ChangeSet) -> str:
    undone = f", undoes {change_set.undoes_id}" if change_set.undoes_id else ""
    return f"{change_set.pk}{undone}"


@admin.display(description="changes")
def badges(self: Any, change_set: ChangeSet) -> SafeString | str:
    found = (
        (render.badge(KIND, kind, f"{vocabulary.state(KIND, kind).label} {count:,}"),)
        for kind, count in told.totals(change_set.counts).items()
    )
    return format_html_join(" ", "{}", found) or NOTHING


@admin.display(description="held")
def held(self: Any, change_set: ChangeSet) -> str:
    count = told.in_state(change_set.counts, ChangeState.HELD).total()
    return f"{count:,}" if count else NOTHING


@admin.display(description="unchanged")
def unchanged(self: Any, change_set: ChangeSet) -> str:
    return f"{change_set.unchanged_count:,}"


@admin.display(description="run")
def run(self: Any, change_set: ChangeSet) -> SafeString | str:
    if change_set.run_id is None:
        return NOTHING
    href = reverse("admin:engine_run_change", args=[change_set.run_id])
    return format_html('<a href="{}">{}</a>', href, change_set.run_id)


# --- changes ------------------------------------------------------------------------------------


@admin.display(description="what changes")
def what(self: Any, change: Change) -> str:
    zone = of(change).zone
    return told.summary(change.kind, change.before, change.after, change.row_count, zone)


@admin.display(description="show")
def show(self: Any, change: Change) -> SafeString | str:
    """As it was: what changes stands beside it."""
    around = of(change)
    return _two_lines(around.title, around.place) if around.title else NOTHING


@admin.display(description="cinema")
def cinema(self: Any, change: Change) -> SafeString:
    return _two_lines(of(change).cinema, day_of(change))


@admin.display(description="why")
def why(self: Any, change: Change) -> str:
    return Truncator(change.reason).chars(_WHY_LENGTH) or NOTHING


def day_of(change: Change) -> str:
    return told.day(change.day) if change.day else WEEKDAYS[change.weekday % 7]


def _two_lines(first: str, second: str) -> SafeString:
    return format_html('<span>{}<span class="sub">{}</span></span>', first, second)
