"""A long crawl, planned before it begins: what it needs, what is there, how long it takes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from popflix.console.doors import action, page, shown
from popflix.console.units import acting
from popflix.engine.registry import registry
from popflix.lib.admin import why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from sync.movies.campaign import CRAWL
from sync.movies.crawl_plan import plan
from sync.movies.crawl_wish import CrawlWish, clean_crawl
from sync.movies.screens.words import RUN

_TEMPLATE = "sync/movies/plan.html"
_TITLE = "Plan a crawl"
_TEXTS = ("source", "media_type", "from_date", "to_date")


@page(RUN)
def form(request: HttpRequest) -> HttpResponseBase:
    return shown(request, _TEMPLATE, _TITLE, asked={"source": "export", "media_type": "movie"})


def made(request: HttpRequest) -> HttpResponseBase:
    """Who loads the address anew, without what was asked, is led to the form."""
    return _made(request) if request.method == "POST" else _again(request)


@page(RUN)
def _again(request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:sync_crawl_plan")


@action(RUN)
def _made(request: HttpRequest) -> HttpResponse:
    """The export is downloaded, or TMDB asked one question; nothing is written."""
    asked = _asked(request)
    try:
        wish = CrawlWish(**clean_crawl(asked))  # type: ignore[arg-type]
        planned = plan(wish, SYSTEM_CLOCK)
    except OperatorError as error:
        return shown(request, _TEMPLATE, _TITLE, asked=asked, refusal=error)
    return shown(request, _TEMPLATE, _TITLE, asked=asked, planned=planned)


@action(RUN)
def start(request: HttpRequest) -> HttpResponse:
    """From here to the run's page. Raises OperatorError, Busy and Paused among it."""
    found = registry.get(CRAWL)
    started = acting.run_now(request.user, found, _asked(request), why_said(request))
    messages.success(request, f"Run {started.pk} of {CRAWL} is queued; a worker takes it up.")
    return redirect("admin:engine_run_change", started.pk)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """As the unit takes it; what was left empty is not asked for."""
    found: dict[str, Any] = {
        name: request.POST[name].strip() for name in _TEXTS if request.POST.get(name, "").strip()
    }
    limit = request.POST.get("limit", "").strip()
    if limit:
        found["limit"] = int(limit) if limit.isascii() and limit.isdigit() else limit
    if request.POST.get("include_adult"):
        found["include_adult"] = True
    return found
