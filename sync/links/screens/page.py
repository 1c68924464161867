"""What the page of one title's media links shows, in a fixed number of queries."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from popflix.lib.models import AuditEntry
from sync.links.models import MediaLinks
from sync.links.screens.shown import Shown
from sync.links.screens.words import EDIT, RETRY

_ENTRIES = 10


def context(request: HttpRequest, tconst: str) -> dict[str, Any]:
    """Empty where there is no such row: the page that follows says so."""
    links = MediaLinks.objects.select_related("title", "enrichment__last_run")
    link = links.filter(pk=tconst).first()
    if link is None:
        return {}
    shown = Shown(link)
    return {
        "title": "Media links",
        "subtitle": shown.full_name,
        "shown": shown,
        "may_retry": request.user.has_perm(RETRY),
        "may_edit": request.user.has_perm(EDIT),
        "entries": _entries(request, tconst),
    }


def _entries(request: HttpRequest, tconst: str) -> list[AuditEntry]:
    if not request.user.has_perm("lib.view_auditentry"):
        return []
    return list(AuditEntry.objects.filter(target=tconst).order_by("-at")[:_ENTRIES])
