"""Units: all of them, and one with what it does now, did, and will do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from popflix.console import menu
from popflix.console.doors import action, part, shown, way_back
from popflix.console.units import acting, look, timetables, words
from popflix.console.units.standing import state_of
from popflix.engine.registry import Unit, registry
from popflix.engine.status import nobody_works, supervisors
from popflix.lib.admin import why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError

menu.register(menu.Page(menu.WORK, "Units", "console_units", "engine.view_run", rank=10))


@part("engine.view_run")
def units(request: HttpRequest) -> HttpResponse:
    now = SYSTEM_CLOCK.now()
    context = {"lines": look.lines(now), "nobody_works": bool(nobody_works(supervisors(now)))}
    if request.htmx:  # type: ignore[attr-defined]  # django_htmx sets it
        return TemplateResponse(request, "console/units/lines.html", context)
    return shown(request, "console/units/list.html", "Units", **context)


@part("engine.view_run")
def unit(request: HttpRequest, name: str) -> HttpResponse:
    """The whole page; for htmx, every two seconds, only what has changed of it."""
    found = _unit(name)
    if request.htmx:  # type: ignore[attr-defined]  # django_htmx sets it
        return _live(request, found)
    return _page(request, found)


@action("engine.run_unit")
def run(request: HttpRequest, name: str) -> str | HttpResponse:
    """From the unit's own page to the run's page; from elsewhere back there."""
    found = _unit(name)
    typed = request.POST.get("params", "")
    own = reverse("console_unit", args=[name])
    goes_back = way_back(request, own) != own
    why = why_said(request)
    try:
        started = acting.run_now(request.user, found, words.typed_params(typed), why)
    except OperatorError as error:
        if goes_back:
            raise
        return _page(request, found, typed=typed, why=why, refusal=error)
    told = f"Run {started.pk} of {name} is queued; a worker takes it up."
    if goes_back:
        return told
    messages.success(request, told)
    return redirect("admin:engine_run_change", started.pk)


@action("engine.pause_unit")
def pause(request: HttpRequest, name: str) -> str:
    return acting.pause(request.user, _unit(name).name, why_said(request))


@action("engine.pause_unit")
def resume(request: HttpRequest, name: str) -> str:
    """A pause outlives its unit, so the name need not be a unit's."""
    return acting.resume(request.user, name, why_said(request))


def _unit(name: str) -> Unit:
    found = registry.find(name)
    if found is None:
        raise Http404(f"There is no unit {name}.")
    return found


def _page(request: HttpRequest, found: Unit, **form: Any) -> HttpResponse:
    return shown(
        request, "console/units/unit.html", found.name,
        **_now(found), **_about(found), **form,
    )  # fmt: skip


def _live(request: HttpRequest, found: Unit) -> HttpResponse:
    context = _now(found)
    context["has_turned"] = request.GET.get("held") != context["held"]
    context["has_moved"] = request.GET.get("seen") != context["seen"]
    return TemplateResponse(request, "console/units/live.html", context)


def _now(found: Unit) -> dict[str, Any]:
    """What changes while one looks."""
    now = SYSTEM_CLOCK.now()
    view, past, pauses = look.one(found, now), look.history(found), look.pauses(found)
    return {
        "now": now, "unit": found, "view": view, "state": state_of(view), "pauses": pauses,
        "past": past,
        "charts": look.charts(past), "known": look.known_params(found),
        "held": look.fingerprint([(each.holder, each.at) for each in pauses]),
        "seen": look.fingerprint([(each.run.pk, each.run.status) for each in past]),
    }  # fmt: skip


def _about(found: Unit) -> dict[str, Any]:
    return {
        "does": look.does(found), "retries": words.retries(found.retry),
        "partners": look.partners(found), "letters": look.letters(found),
        "schedules": timetables.of_unit(found.name, SYSTEM_CLOCK.now()),
    }  # fmt: skip
