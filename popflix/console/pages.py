"""The console's own pages."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from popflix.console.pieces.examples import examples
from popflix.lib.clock import SYSTEM_CLOCK


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it where no page names another one: a download, an error page."""
    return redirect(static("console/favicon.svg"))


@require_safe
def pieces(request: HttpRequest) -> HttpResponse:
    """All pieces in all tones and at their edges: where the stylesheet is looked at."""
    context = {
        **admin.site.each_context(request),
        "title": "Pieces",
        **examples(SYSTEM_CLOCK.now()),
    }
    return TemplateResponse(request, "console/pieces.html", context)
