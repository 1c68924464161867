"""Re-checking all that the list was narrowed to: confirmed with a count, done by a run."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from popflix.console.doors import shown
from popflix.console.units.acting import run_now
from popflix.engine.registry import registry
from popflix.lib.admin import why_said
from popflix.lib.errors import OperatorError
from popflix.lib.tally import told
from sync.availability import recheck_matching
from sync.availability.finding import Choice
from sync.availability.screens.listing import choice_of, is_storable
from sync.availability.screens.words import RECHECK

MOST_COUNTED = 5000
_LIST = "admin:sync_availability_changelist"


@require_http_methods(["GET", "HEAD", "POST"])
def recheck_all(request: HttpRequest) -> HttpResponseBase:
    """The filter is the address's, on both ways: the page that confirms sends it along."""
    if not request.user.has_perm(RECHECK):
        raise PermissionDenied
    choice = choice_of(request.GET)
    if not choice.is_narrowed or not is_storable(request.GET):
        messages.warning(request, "Narrow the list first: by a filter or a search.")
        return redirect(_LIST)
    if request.method == "POST":
        return _start(request, choice)
    number = choice.rows()[: MOST_COUNTED + 1].count()
    return shown(
        request, "sync/availability/recheck_all.html", "Re-check all that match",
        parts=choice.words(), number=number, count=told(number, MOST_COUNTED),
        back=f"{reverse(_LIST)}?{request.GET.urlencode()}",
    )  # fmt: skip


def _start(request: HttpRequest, choice: Choice) -> HttpResponseBase:
    why, unit = why_said(request), registry.get(recheck_matching.UNIT)
    params = {**asdict(choice), "why": why, "by": request.user.get_username()}
    try:
        run = run_now(request.user, unit, params, why)
    except OperatorError as error:
        messages.error(request, f"{error.cause} {error.cure}")
        return redirect(request.get_full_path())
    messages.success(request, f"Run {run.pk} makes all of them due, and has them checked.")
    return redirect(reverse("admin:engine_run_change", args=[run.pk]))
