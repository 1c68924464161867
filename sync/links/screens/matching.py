"""Retry of all that match the list's filter: a page that asks once more, and a run's start."""

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
from sync.links import retry_matching
from sync.links.finding import MOST_FOUND, Choice, find_titles
from sync.links.looking import is_crossed, look
from sync.links.screens.listing import choice_of
from sync.links.screens.words import RETRY

MOST_COUNTED = 5000
_LIST = "admin:sync_medialinks_changelist"


@require_http_methods(["GET", "HEAD", "POST"])
def retry_all(request: HttpRequest) -> HttpResponseBase:
    """The filter is the address's, on both ways: the page that confirms sends it along."""
    if not request.user.has_perm(RETRY):
        raise PermissionDenied
    choice = choice_of(request.GET)
    if not choice.is_narrowed:
        messages.warning(request, "Narrow the list first: by a filter or a search.")
        return redirect(_LIST)
    if request.method == "POST":
        return _start(request, choice)
    return shown(
        request, "sync/links/retry_all.html", "Retry all that match",
        parts=choice.words(), **_counted(choice),
        back=f"{reverse(_LIST)}?{request.GET.urlencode()}",
    )  # fmt: skip


def _start(request: HttpRequest, choice: Choice) -> HttpResponseBase:
    why, unit = why_said(request), registry.get(retry_matching.UNIT)
    params = {**asdict(choice), "why": why, "by": request.user.get_username()}
    try:
        run = run_now(request.user, unit, params, why)
    except OperatorError as error:
        messages.error(request, f"{error.cause} {error.cure}")
        return redirect(request.get_full_path())
    messages.success(request, f"Run {run.pk} makes all of them due, and then has TMDB asked.")
    return redirect(reverse("admin:engine_run_change", args=[run.pk]))


def _counted(choice: Choice) -> dict[str, object]:
    """Counted up to the cap alone: beyond it the run tells how many there were.

    Several filters together are counted as far as the list looks through them at once.
    """
    if is_crossed(choice) and not choice.search:
        seen = look(choice)
        number = len(seen.keys)
        least = f"at least {number:,}" if number else "an unknown number of"
        return {"number": number, "count": least if seen.last else f"{number:,}"}
    number = choice.keys()[: MOST_COUNTED + 1].count()
    more = choice.search and find_titles(choice.search).has_more
    most_found = f"{MOST_FOUND:,}" if more else ""
    return {"number": number, "count": told(number, MOST_COUNTED), "most_found": most_found}
