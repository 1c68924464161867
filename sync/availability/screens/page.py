"""What the page of one row of availability shows, in a fixed number of queries."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest

from popflix.lib.models import AuditEntry
from sync.availability.models import Availability, AvailabilityFlip
from sync.availability.recheck import target_of
from sync.availability.screens.shown import Shown
from sync.availability.screens.words import RECHECK, VIEW_PROVIDER
from sync.movies.bodies import unpack
from sync.movies.models import StoredPayload

_FLIPS = _ENTRIES = 20
_MOST_REGIONS = 300  # there are 250 codes
MOST_SHOWN = 60_000  # characters of a document
_DIGITS = 18


def context(request: HttpRequest, object_id: str) -> dict[str, Any]:
    """Empty where there is no such row: the page that follows says so."""
    row = row_of(object_id)
    if row is None:
        return {}
    shown = Shown(row)
    return {
        "title": "Availability",
        "subtitle": shown.full_name,
        "shown": shown,
        "regions": regions_of(row),
        "flips": _flips(row),
        "document": Document(row.document) if row.document else None,
        "may_recheck": request.user.has_perm(RECHECK),
        "may_see_provider": request.user.has_perm(VIEW_PROVIDER),
        "entries": entries(request, row),
    }


def row_of(object_id: str) -> Availability | None:
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= _DIGITS):
        return None
    rows = Availability.objects.select_related("movie", "provider", "document")
    return rows.filter(pk=int(object_id)).first()


def regions_of(row: Availability) -> list[Shown]:
    """The rows of the same check, each of one region; of one of these, the whole beside it."""
    beside = Availability.objects.filter(
        movie=row.movie_id, provider=row.provider_id, season=row.season, episode=row.episode
    ).exclude(pk=row.pk)
    found = list(beside.order_by("region").defer("document")[:_MOST_REGIONS])
    for each in found:
        each.movie, each.provider = row.movie, row.provider
    return [Shown(each) for each in found]


def _flips(row: Availability) -> list[AvailabilityFlip]:
    flips = AvailabilityFlip.objects.filter(availability=row).select_related("run")
    return list(flips.order_by("-at", "-pk")[:_FLIPS])


def entries(request: HttpRequest, row: Availability) -> list[AuditEntry]:
    if not request.user.has_perm("lib.view_auditentry"):
        return []
    of_row = AuditEntry.objects.filter(target=target_of(row.movie, row.provider.name))
    return list(of_row.order_by("-at")[:_ENTRIES])


class Document:
    """The whole answer that a check rests on, as text; `problem` says why it cannot be read."""

    def __init__(self, payload: StoredPayload) -> None:
        self.payload, self.problem, self.text = payload, "", ""
        try:
            said = json.loads(unpack(bytes(payload.body)))
            self.text = json.dumps(said, ensure_ascii=False, indent=2)
        except ValueError as error:
            self.problem = str(error)

    @property
    def is_cut(self) -> bool:
        return len(self.text) > MOST_SHOWN

    @property
    def shown_text(self) -> str:
        return self.text[:MOST_SHOWN]
