"""Undoing a change set: a page that tells what is reversed and what is kept, and a run's start."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from popflix.console.doors import action, page, shown
from popflix.console.units.acting import run_now
from popflix.engine.registry import registry
from popflix.lib.admin import why_said
from popflix.lib.errors import OperatorError
from reconcile.changes.screens.cards import cards
from reconcile.changes.screens.review import find_set
from reconcile.changes.screens.words import UNDO
from reconcile.changes.types import ChangeKind
from reconcile.changes.undo.undoing import MOST_KEPT_TOLD, UNIT, preview_undo, require_possible

_WRITTEN = {  # by what reverses them
    ChangeKind.INSERT: "come into master again",
    ChangeKind.UPDATE: "get the values back that they had",
    ChangeKind.MOVE: "get the time or the screen back that they had",
    ChangeKind.MISSING: "are missing again",
    ChangeKind.REVIVE: "are active again",
    ChangeKind.REMOVE: "leave master, which had not known them before",
}


def undo(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """Asked with GET it shows what would be undone, with POST it starts the run that does so."""
    return (_start if request.method == "POST" else _confirm)(request, object_id)


@page(UNDO)
def _confirm(request: HttpRequest, object_id: int) -> HttpResponseBase:
    change_set = find_set(object_id)
    found = preview_undo(change_set)
    for change, _ in found.kept:
        change.change_set = change_set
    kept = cards([change for change, _ in found.kept])
    return shown(
        request, "reconcile/changes/undo.html", f"Undo {change_set}?", change_set=change_set,
        undo=found, count=sum(found.rows.values()), most=MOST_KEPT_TOLD,
        kinds=[(str(kind), rows, _WRITTEN[kind]) for kind, rows in found.rows.items() if rows],
        kept=[(card, why) for card, (_, why) in zip(kept, found.kept, strict=True)],
    )  # fmt: skip


@action(UNDO)
def _start(request: HttpRequest, object_id: int) -> HttpResponse:
    change_set, why = find_set(object_id), why_said(request)
    if not why:
        raise OperatorError("Undoing needs a reason.", "Say why, for whoever asks later.")
    require_possible(change_set)
    params = {"change_set": change_set.pk, "why": why, "by": request.user.get_username()}
    run = run_now(request.user, registry.get(UNIT), params, why)
    messages.success(request, f"Run {run.pk} undoes {change_set}.")
    return redirect(reverse("admin:engine_run_change", args=[run.pk]))
