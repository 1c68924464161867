"""Home as cards: each is a panel whose inside the page asks for again by itself."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from popflix.console.home.panels import Panel, Place, visible_to
from popflix.console.pieces import render

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Card:
    panel: Panel
    inside: SafeString


def cards(request: HttpRequest, now: dt.datetime) -> dict[str, list[Card]]:
    """What this account is shown, by place."""
    found: dict[str, list[Card]] = {str(place): [] for place in Place}
    for panel in visible_to(request.user):
        found[panel.place].append(Card(panel, inside(request, panel, now)))
    return found


def inside(request: HttpRequest, panel: Panel, now: dt.datetime) -> SafeString:
    """A panel that fails says so in its own card and hides no other one."""
    try:
        context = {**panel.data(request, now), "panel": panel, "now": now}
        return SafeString(render_to_string(panel.template, context, request=request))
    except Exception as error:
        log.exception("the panel %s cannot be shown", panel.name)
        cure = "It is asked again by itself; the log of the web server tells more."
        return render.problem(f"{panel.title} cannot be shown ({type(error).__name__}).", cure)
