"""The page on which a cinema gets another time zone: what it would do first, then the wish."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from popflix.console.doors import action, page, shown
from popflix.lib.admin import why_said
from popflix.lib.errors import OperatorError
from reconcile.changes.screens.words import APPROVE
from reconcile.changes.zone.zone_change import propose_zone, standing_zone_set
from reconcile.changes.zone.zone_preview import ZonePreview, preview_zone
from reconcile.feed.models import Cinema, Source
from reconcile.feed.zones import is_zone

_LONGEST = 64
FEEDS_OWN = "feed"  # what is sent for "as its feed"


def zone(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """Looked at by GET, asked for by POST."""
    return (_ask if request.method == "POST" else _look)(request, object_id)


@page("reconcile.view_cinema")
def _look(request: HttpRequest, object_id: int) -> HttpResponseBase:
    cinema = _find(object_id)
    wanted = request.GET.get("zone", "").strip()[:_LONGEST]
    preview: ZonePreview | None = None
    if wanted:
        try:
            preview = preview_zone(cinema, _own(wanted))
        except OperatorError as error:
            messages.warning(request, f"{error.cause} {error.cure}")
    return shown(
        request, "reconcile/feed/zone.html", f"Time zone of {cinema}", cinema=cinema,
        wanted=wanted, preview=preview, may_ask=request.user.has_perm(APPROVE),
        feeds_zone=zones_of_sources().get(str(cinema.source), ""), feeds_own=FEEDS_OWN,
        zones=sorted(filter(is_zone, available_timezones())), standing=standing_zone_set(cinema),
    )  # fmt: skip


@action(APPROVE)
def _ask(request: HttpRequest, object_id: int) -> HttpResponse:
    cinema = _find(object_id)
    wanted = _own(request.POST.get("zone", "").strip()[:_LONGEST])
    by, why = str(request.user.get_username()), why_said(request)
    made = propose_zone(cinema.pk, wanted, by=by, why=why)
    if made is None:
        messages.success(request, f"The time zone of {cinema} is set; no show of master moved.")
        return redirect("admin:reconcile_cinema_change", cinema.pk)
    messages.success(request, f"Change set {made.pk} asks for it. It waits for approval.")
    return redirect(reverse("admin:reconcile_changeset_change", args=[made.pk]))


def zones_of_sources() -> dict[str, str]:
    """As the newest load of each was read."""
    return dict(Source.objects.values_list("name", "zone"))


def _own(wanted: str) -> str:
    return "" if wanted == FEEDS_OWN else wanted


def _find(object_id: int) -> Any:
    found = Cinema.objects.filter(pk=object_id).first() if object_id < 2**31 else None
    if found is None:
        raise Http404("There is no such cinema.")
    return found
