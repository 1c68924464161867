"""Locking and unlocking fields: each a POST with a permission, audited, told in a sentence."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest

from popflix.console.doors import action
from popflix.lib.admin import why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.models import LockMode
from reconcile.feed.screens.shows import with_cinemas
from reconcile.shows.editing import EDITABLE, Keep, lock_fields, unlock_fields
from reconcile.shows.models import MasterShow
from reconcile.shows.screens.words import EDIT, field_name

_YEARS = (1970, 2199)


@action(EDIT)
def lock(request: HttpRequest, object_id: str) -> str:
    """Raises OperatorError where no field, no end or no reason is given."""
    show, fields, why = _asked(request, object_id)
    mode = request.POST.get("until_when", "")
    until = _midnight(request.POST.get("until", ""), show) if mode == LockMode.DATE else None
    now = SYSTEM_CLOCK.now()
    lock_fields(show.pk, fields, keep=Keep(mode, until), by=request.user, why=why, now=now)
    return f"Locked: {_named(fields)}. Feeds leave {'it' if len(fields) == 1 else 'them'} alone."


@action(EDIT)
def unlock(request: HttpRequest, object_id: str) -> str:
    show, fields, why = _asked(request, object_id)
    count = unlock_fields(show.pk, fields, by=request.user, why=why, now=SYSTEM_CLOCK.now())
    if not count:
        return "Nothing of these was locked."
    return f"Unlocked: {count}. The next load has its say again."


def _asked(request: HttpRequest, object_id: str) -> tuple[MasterShow, list[str], str]:
    show = MasterShow.objects.filter(pk=int(object_id)).first() if _is_key(object_id) else None
    if show is None:
        raise Http404("There is no such show in master.")
    fields = [name for name in EDITABLE if name in request.POST.getlist("field")]
    if not fields:
        raise OperatorError("No field was chosen.", "Tick the fields that are meant.")
    why = why_said(request)
    if not why:
        raise OperatorError("Nobody said why.", "Say it, for the audit trail.")
    return show, fields, why


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _midnight(written: str, show: MasterShow) -> dt.datetime | None:
    """As the day begins on the cinema's clock; None where it is no date."""
    try:
        day = dt.date.fromisoformat(written)
    except ValueError:
        return None
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        return None
    with_cinemas([show])
    zone = ZoneInfo(show.zone)  # type: ignore[attr-defined]
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _named(fields: list[str]) -> str:
    return ", ".join(map(field_name, fields))
