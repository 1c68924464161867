"""Rows of a feed that were in quarantine, taken into staging by the rules of its newest load.

The load's own figures stay true: each of its rows is staged, merged or in quarantine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import F

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.models import QuarantinedRow
from popflix.lib.replaying import Reading, Took
from reconcile.feed import cells, outcome
from reconcile.feed.capacity import capacity
from reconcile.feed.feeds import Feed
from reconcile.feed.lease import held
from reconcile.feed.mapping import COLUMNS, Bad, Mapper
from reconcile.feed.models import Load, LoadSlice, LoadState
from reconcile.feed.restaging import times_of
from reconcile.feed.words import is_active
from reconcile.shows.models import SyncShow

_BY_COLUMN = {str(field.column): field.name for field in SyncShow._meta.concrete_fields}


@dataclass(frozen=True)
class ShowReplayer:
    """Rows of one feed."""

    source: str

    @property
    def title(self) -> str:
        return f"the feed {self.source}"

    def read(self, raw: str) -> Reading:
        row = cells.decoded(raw)
        load = _newest(self.source)
        mapper = _mapper(self.source, load)
        found = cells.cells_of(row, mapper)
        key = cells.key_of(row, mapper) if row is not None else None
        if key is None:
            return Reading(found)
        cinema, begin, screen, movie = key
        return Reading(found, f"{begin} UTC, {screen}, {movie} at cinema {cinema}", _stored(key))

    def joined(self, texts: Sequence[str]) -> str:
        return cells.joined(texts)

    def take(self, rows: Mapping[int, str], now: dt.datetime) -> Took:
        """In the caller's transaction, which holds the feed until it ends.

        Raises OperatorError, nothing written, while somebody else works on the feed.
        """
        with held(self.source, "rows of quarantine", SYSTEM_CLOCK):
            return _Taking(_settled(self.source), now).take(rows)


@cache
def replayer_of(source: str) -> ShowReplayer:
    return ShowReplayer(source)


def _newest(source: str, state: str = LoadState.LOADED) -> Load | None:
    return Load.objects.filter(source=source, state=state).order_by("-pk").first()


def _settled(source: str) -> Load:
    """The load that staging shows. Raises OperatorError where there is none, or only half."""
    load = _newest(source)
    if load is None:
        raise OperatorError(f"Nothing of the feed {source} is loaded.", "Load it first.")
    if _newest(source, LoadState.LOADING) is not None:
        raise OperatorError(f"A load of {source} was broken off.", "Load the feed again first.")
    return load


def _mapper(source: str, load: Load | None) -> Mapper:
    """By the rules under which the newest load was read: staging shows that one."""
    feed = Feed(source, "", str(load.zone), times_of(load)) if load else Feed(source, "")
    return Mapper(feed.times, outcome.zones_for(feed), capacity())


def _same_key(cinema: int, begin: str, screen: str, movie: str) -> Any:
    at = dt.datetime.fromisoformat(begin).replace(tzinfo=dt.UTC)
    return SyncShow.objects.filter(
        cinema_id=cinema, show_time=at, screen_name=screen, movie_id=movie
    )


def _stored(key: tuple[int, str, str, str]) -> dict[str, str]:
    values = _same_key(*key).values(*cells.FIELDS.values()).first()
    if values is None:
        return {}
    begins = values["show_time"].astimezone(dt.UTC).replace(tzinfo=None)
    return cells.stored_words({**values, "show_time": begins})


class _Taking:
    """Some rows on their way into staging, and what that does to the figures of the load."""

    def __init__(self, load: Load, now: dt.datetime) -> None:
        self._load, self._now = load, now
        self._mapper = _mapper(load.source, load)
        self._new = self._changed = self._kept = 0

    def take(self, rows: Mapping[int, str]) -> Took:
        refused: dict[int, str] = {}
        for number, raw in rows.items():
            why = self._refusal(raw)
            if why:
                refused[number] = why
        taken = [number for number in rows if number not in refused]
        if taken:
            outcome.learn(self._load, self._mapper.names, self._now)
            self._count(taken)
        return Took(refused, self._words)

    @cached_property
    def _words(self) -> str:
        told = (
            (self._new, "new in staging"),
            (self._changed, "changed in staging"),
            (self._kept, "merged with an active one"),
        )
        return ", ".join(f"{count} {word}" for count, word in told if count)

    def _refusal(self, raw: str) -> str:
        """Write one row, or say why it cannot be."""
        row = cells.decoded(raw)
        if row is None:
            return "it is no object"
        try:
            mapped = dict(zip(COLUMNS, self._mapper.map(row), strict=True))
            with transaction.atomic():
                self._write(mapped)
        except Bad as bad:
            return str(bad)
        except (IntegrityError, DataError) as error:
            return f"the database refuses it: {error.args[-1]}"
        return ""

    def _write(self, mapped: Mapping[str, Any]) -> None:
        values = {_BY_COLUMN[name]: value for name, value in mapped.items() if name in _BY_COLUMN}
        begin = str(mapped["showTime"])
        values["show_time"] = dt.datetime.fromisoformat(begin).replace(tzinfo=dt.UTC)
        key = (mapped["cinemaId"], begin, mapped["screenName"], mapped["movieID"])
        known = _same_key(*key).select_for_update().first()
        is_on = is_active(values["is_active"])
        if known is None:
            SyncShow.objects.create(**values, created_at=self._now, updated_at=self._now)
            self._new += 1
            self._slice(mapped, rows=1, active=int(is_on))
            self._widen(values["show_time"])
        elif is_active(known.is_active) and not is_on:
            self._kept += 1  # as in one feed: an active row beats inactive ones
        else:
            was_on = is_active(known.is_active)
            SyncShow.objects.filter(pk=known.pk).update(**values, updated_at=self._now)
            self._changed += 1
            self._slice(mapped, rows=0, active=int(is_on) - int(was_on))

    def _slice(self, mapped: Mapping[str, Any], *, rows: int, active: int) -> None:
        which, _ = LoadSlice.objects.get_or_create(
            load=self._load, cinema_id=mapped["cinemaId"], day=mapped["day"],
            defaults={"rows": 0, "active_rows": 0},
        )  # fmt: skip
        LoadSlice.objects.filter(pk=which.pk).update(
            rows=F("rows") + rows, active_rows=F("active_rows") + active
        )

    def _widen(self, moment: dt.datetime) -> None:
        """The days that the load covers."""
        load = self._load
        load.first_show_at = min(load.first_show_at or moment, moment)
        load.last_show_at = max(load.last_show_at or moment, moment)

    def _count(self, taken: Sequence[int]) -> None:
        """Rows of a feed that came to nothing were never among those that this load read."""
        load = self._load
        mine = QuarantinedRow.objects.filter(pk__in=taken, run_id=load.run_id).count()
        load.quarantined_count = max(load.quarantined_count - mine, 0)
        load.read_count += len(taken) - mine
        load.staged_count += self._new
        load.merged_count += self._changed + self._kept
        load.checked_at = None
        load.save()
