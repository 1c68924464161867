"""Units: all of them, and one with what it does now, did, and will do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from popflix.console import menu
from popflix.console.doors import action, part, shown
from popflix.console.units import acting, look, timetables, words
from popflix.engine.registry import Unit, registry
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError

menu.register(menu.Page(menu.WORK, "Units", "console_units", "engine.view_run", rank=10))


@part("engine.view_run")
def units(request: HttpRequest) -> HttpResponse:
    lines = look.lines(SYSTEM_CLOCK.now())
    if request.htmx:  # type: ignore[attr-defined]  # django_htmx sets it
        return TemplateResponse(request, "console/units/lines.html", {"lines": lines})
    return shown(request, "console/units/list.html", "Units", lines=lines)


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
    goes_back = bool(request.POST.get("next"))
    try:
        why = request.POST.get("why", "").strip()
        started = acting.run_now(request.user, found, words.typed_params(typed), why)
    except OperatorError as error:
        if goes_back:
            raise
        return _page(request, found, typed=typed, why=request.POST.get("why", ""), refusal=error)
    told = f"Run {started.pk} of {name} is queued; a worker takes it up."
    if goes_back:
        return told
    messages.success(request, told)
    return redirect("admin:engine_run_change", started.pk)


@action("engine.pause_unit")
def pause(request: HttpRequest, name: str) -> str:
    return acting.pause(request.user, _unit(name).name, request.POST.get("why", ""))


@action("engine.pause_unit")
def resume(request: HttpRequest, name: str) -> str:
    """A pause outlives its unit, so the name need not be a unit's."""
    return acting.resume(request.user, name, request.POST.get("why", ""))


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
    past, pauses = look.history(found), look.pauses(found)
    return {
        "unit": found, "view": look.one(found, now), "pauses": pauses, "past": past,
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
