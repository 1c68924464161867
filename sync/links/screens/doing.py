"""What is done on these pages: each a POST with a permission, audited, told in a sentence."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from popflix.console.doors import action
from popflix.console.units.acting import run_now
from popflix.engine.registry import registry
from popflix.lib.admin import why_given, why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from sync.links import campaign
from sync.links.editing import choose_record, retry_links, unlock_links
from sync.links.enrich import require_titles
from sync.links.models import MediaLinks
from sync.links.screens.words import EDIT, RETRY, START
from sync.links.waking import wake
from sync.tmdb import key

_DIGITS = 19  # no database takes a longer number


@action(RETRY)
def retry(request: HttpRequest, object_id: str) -> str:
    name = _name(object_id)
    retry_links([object_id], by=request.user, why=why_given(request), now=SYSTEM_CLOCK.now())
    return f"{name} is due now. {_woken(request, object_id)}"


@action(EDIT)
def unlock(request: HttpRequest, object_id: str) -> str:
    name = _name(object_id)
    count = unlock_links(
        [object_id], by=request.user, why=why_given(request), now=SYSTEM_CLOCK.now()
    )
    if not count:
        return f"{name} was not locked."
    return f"{name} is unlocked and due now. {_woken(request, object_id)}"


@action(EDIT)
def choose(request: HttpRequest, object_id: str) -> str:
    """Raises OperatorError for what is no candidate of the title."""
    name, media_type = _name(object_id), request.POST.get("media_type", "")
    given = request.POST.get("tmdb_id", "")
    is_number = given.isascii() and given.isdigit() and len(given) < _DIGITS
    tmdb_id = int(given) if is_number else 0
    choose_record(
        object_id, media_type, tmdb_id, by=request.user,
        why=why_said(request) or "chosen among the candidates", now=SYSTEM_CLOCK.now(),
    )  # fmt: skip
    return f"{name} is {media_type} {tmdb_id}, and locked so. {_woken(request, object_id)}"


@action(START)
def sync_now(request: HttpRequest) -> HttpResponse:
    """Raises OperatorError, Paused and Busy among it."""
    missing: OperatorError | None = key.why_no_key()
    if missing is not None:
        raise missing
    require_titles()
    run = run_now(request.user, registry.get(campaign.UNIT), {}, why_given(request))
    messages.success(request, f"Run {run.pk} asks TMDB about each title that is due.")
    return redirect(reverse("admin:engine_run_change", args=[run.pk]))


def _woken(request: HttpRequest, tconst: str) -> str:
    return wake(by=request.user.get_username(), tconsts=[tconst])


def _name(tconst: str) -> str:
    link = MediaLinks.objects.select_related("title").filter(pk=tconst).first()
    if link is None:
        raise Http404("There are no media links of this title.")
    return str(link.title.primary_title or tconst)
