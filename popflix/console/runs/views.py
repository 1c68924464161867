"""The pages of one run: the whole, what is new of it, its files, Retry and Cancel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import content_disposition_header

from popflix.console.doors import action, part, shown, way_back
from popflix.console.doors import page as looked_at
from popflix.console.runs import acting
from popflix.console.runs import page as parts
from popflix.console.runs.reading import Look, find, look, retries
from popflix.engine.models import RunFile
from popflix.lib.clock import SYSTEM_CLOCK

_FOLDER = "console/runs"
_DIGITS = 19  # no database takes a longer number


def page(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """The whole page; nothing on it is changed by sending it."""
    if request.method not in ("GET", "HEAD") or not model_admin.has_view_permission(request):
        raise PermissionDenied
    is_number = object_id.isdecimal() and len(object_id) <= _DIGITS
    run = find(int(object_id)) if is_number else None
    if run is None:
        gone: HttpResponse = model_admin._get_obj_does_not_exist_redirect(
            request, model_admin.opts, object_id
        )
        return gone
    seen = look(run, SYSTEM_CLOCK.now())
    again = retries(run)
    context = {
        **parts.head(run),
        **parts.now(seen),
        **parts.story(seen),
        **parts.outcome(seen, request.user, again),
        **parts.side(seen, request.user, again),
    }
    return shown(request, f"{_FOLDER}/page.html", f"{run.unit} run {run.pk}", **context)


@part("engine.view_run")
def live(request: HttpRequest, run_id: int) -> HttpResponse:
    """What is new since `seen`."""
    run = find(run_id)
    if run is None:
        raise Http404("There is no such run.")
    seen = look(run, SYSTEM_CLOCK.now())
    had = (request.GET.get("seen", "") + "..").split(".")
    return TemplateResponse(request, f"{_FOLDER}/live.html", _news(request, seen, had))


def _news(request: HttpRequest, seen: Look, had: list[str]) -> dict[str, Any]:
    """Only what has changed is sent again: whoever reads or types elsewhere is left alone."""
    has = seen.seen.split(".")
    again = retries(seen.run)
    context = {**parts.now(seen), **parts.outcome(seen, request.user, again), "is_part": True}
    if had[0] != has[0]:
        context |= {**parts.story(seen), "is_story_new": True}
    if had[1] != has[1]:
        context["is_log_new"] = True
    if had[2] != has[2]:
        context |= {**parts.side(seen, request.user, again), "is_status_new": True}
    return context


@action("engine.retry_run")
def retry(request: HttpRequest, run_id: int) -> str | HttpResponse:
    """From the run's own page to the page of the new run; from a list back to it."""
    run = acting.retry(request, run_id)
    told = f"Run {run_id} is tried again as run {run.pk}."
    own = reverse("admin:engine_run_change", args=[run_id])
    if way_back(request, own) != own:
        return told
    messages.success(request, told)
    return redirect("admin:engine_run_change", run.pk)


@action("engine.cancel_run")
def cancel(request: HttpRequest, run_id: int) -> str:
    return acting.cancel_told(request, run_id)


@looked_at("engine.view_run")
def download(request: HttpRequest, file_id: int) -> HttpResponse:
    """Hand out a run's file; a browser saves it and never shows it as part of this site."""
    found = RunFile.objects.filter(pk=file_id).first()
    if found is None:
        raise Http404("There is no such file.")
    answer = HttpResponse(bytes(found.content), content_type=found.content_type)
    answer["Content-Disposition"] = content_disposition_header(True, found.name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
