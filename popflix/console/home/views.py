"""The inside of one panel of home, as htmx asks for it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from popflix.console.doors import part
from popflix.console.home.cards import inside
from popflix.console.home.panels import find, may_see
from popflix.lib.clock import SYSTEM_CLOCK


@part("")
def panel(request: HttpRequest, name: str) -> HttpResponse:
    """To who may not see the panel it is as if there were none."""
    found = find(name)
    if found is None or not may_see(request.user, found):
        raise Http404("There is no such panel.")
    return HttpResponse(inside(request, found, SYSTEM_CLOCK.now()))
