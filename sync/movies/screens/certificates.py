"""Certificates: how much of the catalogue is held; what is missing is queued with one click."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from popflix.console.doors import action
from popflix.console.pieces import render
from popflix.lib.admin import ReadOnlyAdmin, why_given
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from sync.movies.crawl_models import Certificate
from sync.movies.idset import unpack_ids
from sync.movies.models import MediaType
from sync.movies.queue_missing import queue_missing
from sync.movies.screens.listing import TypeFilter
from sync.movies.screens.words import EDIT, MOVIES
from sync.movies.waking import wake_refresh

_DIGITS = 18
_IDS_SHOWN = 200


@action(EDIT)
def queue(request: HttpRequest, object_id: str) -> str:
    number = _number(object_id)
    if number is None:
        raise OperatorError("There is no such certificate.", "Look at the newest one.")
    asked, left = queue_missing(
        number, by=request.user, why=why_given(request), now=SYSTEM_CLOCK.now()
    )
    more = f" {left:,} more are missing: a crawl asks for all." if left else ""
    media_type = Certificate.objects.values_list("media_type", flat=True).get(pk=number)
    woken = wake_refresh(media_type, by=request.user.get_username())
    return f"Asked for: {asked:,}.{more} {woken}"


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    menu = (MOVIES, 30)
    list_display = ("export_name", "made", "share", "listed", "ours", "lacking", "lost",
                    "not_read", "again")  # fmt: skip
    list_filter = (TypeFilter,)
    ordering = ("-pk",)
    list_select_related = False
    empty_hint = "Each crawl ends with one; `manage.py coverage` makes one at any time."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the packed ids, which may be large."""
        return super().get_queryset(request).defer("missing_ids", "beyond_ids")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that there is to look at stands above the form."""
        return ()

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        return shown if request.user.has_perm(EDIT) else shown[:-1]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        more = {**_context(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<str:object_id>/queue/", queue, name="sync_certificate_queue"),
            *super().get_urls(),
        ]

    @admin.display(description="made")
    def made(self, certificate: Certificate) -> SafeString:
        return render.moment(certificate.made_at)

    @admin.display(description="held of what is there")
    def share(self, certificate: Certificate) -> str:
        return f"{certificate.percent:.2f} %"

    @admin.display(description="in the export")
    def listed(self, certificate: Certificate) -> str:
        return f"{certificate.in_export:,}"

    @admin.display(description="held")
    def ours(self, certificate: Certificate) -> str:
        return f"{certificate.held + certificate.merged:,}"

    @admin.display(description="missing")
    def lacking(self, certificate: Certificate) -> str:
        return f"{certificate.missing:,}"

    @admin.display(description="gone")
    def lost(self, certificate: Certificate) -> str:
        return f"{certificate.gone:,}"

    @admin.display(description="not read")
    def not_read(self, certificate: Certificate) -> str:
        return f"{certificate.gap_count:,}"

    @admin.display(description="to do")
    def again(self, certificate: Certificate) -> SafeString | str:
        if not certificate.missing:
            return ""
        url = reverse("admin:sync_certificate_queue", args=[certificate.pk])
        return render.row_button(url, "Queue the missing", certificate.export_name)


def _context(request: HttpRequest, object_id: str) -> dict[str, Any]:
    number = _number(object_id)
    certificate = Certificate.objects.filter(pk=number).first() if number is not None else None
    if certificate is None:
        return {}
    there = certificate.in_export - certificate.gone - certificate.excluded
    return {
        "title": "Certificate",
        "subtitle": str(certificate),
        "certificate": certificate,
        "kind": "series" if certificate.media_type == MediaType.TV else "movies",
        "held": certificate.held + certificate.merged,
        "there": there,
        "missing_ids": _ids(certificate.missing_ids),
        "beyond_ids": _ids(certificate.beyond_ids),
        "may_queue": request.user.has_perm(EDIT),
    }


def _ids(packed: bytes | memoryview[int]) -> list[int]:
    """The first of them; none where they cannot be read, which the count beside tells."""
    try:
        return unpack_ids(packed)[:_IDS_SHOWN]
    except ValueError:
        return []


def _number(object_id: str) -> int | None:
    is_number = object_id.isascii() and object_id.isdigit() and len(object_id) <= _DIGITS
    return int(object_id) if is_number else None
