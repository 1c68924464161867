"""What was given up, cannot fire, or could not be taken: needs that a person deals with later.

However many rows there are, at most MOST of them are counted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter

from django.urls import reverse
from django.utils import timezone

from popflix.console.home.needs import Need, folded, of_letters, short
from popflix.console.pieces import moments
from popflix.console.pieces.tones import SCHEDULES, State, Tone
from popflix.engine.deadletters import of_runs, sources
from popflix.engine.deadletters.letters import Reason
from popflix.engine.models import Schedule
from popflix.lib import tally
from popflix.lib.models import QuarantinedRow

MOST = 1000  # every open browser asks every few seconds
_DEAD_LETTERS = State("Dead letters", Tone.BAD)
_QUARANTINE = State("Quarantine", Tone.WAIT)


def letter_needs(told: Counter[Reason]) -> list[Need]:
    """One for each source of dead letters, but for the failed runs that are told already."""
    most = MOST + 1 + told.total()
    found = [(each, each.glance(most=most)) for each in sources.registered()]
    left = [(each, seen - told if each.name == of_runs.NAME else seen) for each, seen in found]
    return [_of_letters(source, reasons) for source, reasons in left if reasons]


def _of_letters(source: sources.Source, reasons: Counter[Reason]) -> Need:
    return Need(
        _DEAD_LETTERS,
        f"{source.title}: {many(reasons.total())} given up",
        why_mostly(reasons),
        f"{reverse('console_letters')}?source={source.name}",
        "Look",
        rank=22,
        permission="engine.view_run",
        about=of_letters(source.name),
    )


def why_mostly(reasons: Counter[Reason]) -> str:
    """The commonest reason, as the errors of a group are told: without their figures.

    Of more letters than were counted nobody knows which it is.
    """
    reason, _ = reasons.most_common(1)[0]
    words = short(str(reason))
    if reasons.total() > MOST:
        return f"Among others: {words}"
    return words if len(reasons) == 1 else f"Most often: {words}"


def many(count: int) -> str:
    return tally.told(count, MOST)


def schedule_needs(now: dt.datetime) -> list[Need]:
    """Schedules are few: what operators and units declare."""
    broken = Schedule.objects.filter(is_enabled=True).exclude(error="").order_by("unit", "pk")
    found = [
        Need(
            SCHEDULES["broken"],
            f"The schedule of {unit} cannot fire",
            short(error),
            reverse("admin:engine_schedule_change", args=[key]),
            "Mend it",
            rank=16,
            permission="engine.view_schedule",
        )
        for key, unit, error in broken.values_list("pk", "unit", "error")
    ]
    return folded(found, "schedules that cannot fire", reverse("admin:engine_schedule_changelist"))


def quarantine_needs(now: dt.datetime) -> list[Need]:
    count = QuarantinedRow.objects.order_by()[: MOST + 1].count()
    newest = QuarantinedRow.objects.order_by("-pk").only("source", "at", "reason").first()
    if newest is None:
        return []
    when = moments.relative(newest.at, now, timezone.get_current_timezone())
    return [
        Need(
            _QUARANTINE,
            f"Rows in quarantine: {many(count)}",
            f"The newest, {when}, from {newest.source}: {short(newest.reason)}",
            reverse("admin:lib_quarantinedrow_changelist"),
            "Look",
            rank=50,
            permission="lib.view_quarantinedrow",
        )
    ]
