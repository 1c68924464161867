"""Reading the Event table as it grows, in order, and without missing what becomes visible late.

A database hands out a number when a row is inserted and shows the row when its transaction
commits: of two transactions the later number may be seen first. So every number that was passed
over is asked for again, until its transaction must have ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Max, Min, QuerySet

from popflix.engine.models import Event
from popflix.lib.batches import chunk
from popflix.lib.clock import Clock

BATCH_ROWS = 500
LATE_SECONDS = 120.0  # no transaction that tells an event stays open for longer
LOOK_BACK = 1000  # numbers before the first event shown that may still become visible
MOST_GAPS = 5000  # a transaction that was rolled back leaves its numbers out for ever


@dataclass(frozen=True)
class Since:
    """Where to begin: behind the event `after_id`, at the instant `at`, or nowhere in particular.

    `limit` bounds what is read of the past: the newest where no beginning is given, else the
    first from there on. `unit` empty means all.
    """

    after_id: int | None = None
    at: dt.datetime | None = None
    limit: int | None = None
    unit: str = ""

    @property
    def is_open(self) -> bool:
        return self.after_id is None and self.at is None


class Tail:
    """One reader's place in the table. `past` first, then `new` as often as wanted."""

    def __init__(self, since: Since, *, clock: Clock) -> None:
        self._since, self._clock = since, clock
        self._newest = 0  # the highest number that was seen, of whatever unit
        self._gaps: dict[int, float] = {}  # numbers that were passed over: until when to ask
        self.has_more = False  # whether the last `new` left something behind

    def past(self) -> Iterator[Event]:
        """What is there, in order; `new` goes on behind it."""
        self._newest = _highest()
        self._look_back()
        for event in self._past(self._since):
            self._gaps.pop(event.pk, None)  # it became visible just now
            yield event

    def _past(self, since: Since) -> Iterator[Event]:
        rows = Event.objects.filter(pk__lte=self._newest)
        if since.unit:
            rows = rows.filter(unit=since.unit)
        if since.is_open:
            newest = rows.order_by("-pk")[: since.limit]
            yield from reversed(newest)
            return
        if since.after_id is not None:
            rows = rows.filter(pk__gt=since.after_id)
        if since.at is not None:
            # Most events come in the order of their instants, but not all.
            first = rows.filter(at__gte=since.at).aggregate(first=Min("pk"))["first"]
            rows = rows.filter(at__gte=since.at, pk__gte=first or 0)
        yield from islice(_in_batches(rows), since.limit)

    def new(self) -> list[Event]:
        """What became visible since the last call: late ones, then at most a batch of new ones."""
        late = self._late()
        fresh = list(Event.objects.filter(pk__gt=self._newest).order_by("pk")[:BATCH_ROWS])
        self.has_more = len(fresh) == BATCH_ROWS
        for event in fresh:
            self._pass_over(range(self._newest + 1, event.pk))
            self._newest = event.pk
        unit = self._since.unit
        return [event for event in (*late, *fresh) if not unit or event.unit == unit]

    def _look_back(self) -> None:
        first = max(self._newest - LOOK_BACK, 0) + 1
        shown = Event.objects.filter(pk__gte=first, pk__lte=self._newest)
        there = set(shown.values_list("pk", flat=True))
        self._pass_over([pk for pk in range(first, self._newest) if pk not in there])

    def _pass_over(self, numbers: Sequence[int]) -> None:
        until = self._clock.monotonic() + LATE_SECONDS
        self._gaps.update(dict.fromkeys(numbers[-MOST_GAPS:], until))
        for number in list(islice(self._gaps, max(len(self._gaps) - MOST_GAPS, 0))):
            del self._gaps[number]

    def _late(self) -> list[Event]:
        now = self._clock.monotonic()
        self._gaps = {number: until for number, until in self._gaps.items() if until > now}
        found: list[Event] = []
        for numbers in chunk(list(self._gaps), BATCH_ROWS):
            found += Event.objects.filter(pk__in=numbers).order_by("pk")
        for event in found:
            del self._gaps[event.pk]
        return found


def _highest() -> int:
    return Event.objects.aggregate(highest=Max("pk"))["highest"] or 0


def _in_batches(rows: QuerySet[Event]) -> Iterator[Event]:
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:BATCH_ROWS]):
        yield from batch
        after = batch[-1].pk
