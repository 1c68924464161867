"""Overlaps of today and tomorrow on home: one line, for as long as there are any.

All else that is odd is looked up by whoever wants to know: a feed is mostly right.
"""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from popflix.console.home.backlog_needs import MOST, many
from popflix.console.home.needs import Need
from popflix.console.pieces.tones import State, Tone
from reconcile.changes.models import ProgrammeWarning
from reconcile.changes.policy.impossible import Oddity

_OVERLAP = State("Overlap", Tone.WAIT)


def odd_needs(now: dt.datetime) -> list[Need]:
    """By the day in UTC: a need is no timetable."""
    days = [now.date(), now.date() + dt.timedelta(days=1)]
    rows = ProgrammeWarning.objects.filter(kind=Oddity.OVERLAP.value, day__in=days).order_by()
    count = rows[: MOST + 1].count()
    if not count:
        return []
    noun = "overlap" if count == 1 else "overlaps"
    return [
        Need(
            _OVERLAP,
            f"{many(count)} {noun} on screens today or tomorrow",
            "A show begins before the one before it has ended: the feed may be wrong.",
            f"{reverse('admin:reconcile_programmewarning_changelist')}"
            f"?kind={Oddity.OVERLAP}&load=newest",
            "Look",
            rank=55,
            permission="reconcile.view_programmewarning",
        )
    ]
