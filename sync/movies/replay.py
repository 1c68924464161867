"""The transform over the bodies that are held: which movies it would change, or does.

No request is sent. A better transform, or other sizes of pictures, reach what was fetched before.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.http import BadPayload, Unavailable
from popflix.lib.locks import again_when_locked
from popflix.lib.people import os_user
from popflix.lib.progress import Reporter
from sync.movies.asking import images_wanted
from sync.movies.bodies import Body, unpack
from sync.movies.held import Key
from sync.movies.merge import Merged
from sync.movies.models import Movie
from sync.movies.outcomes import locks_of
from sync.movies.planning import Fetched, plan_movies
from sync.movies.store import rewrite_movies
from sync.movies.transform import Images, read_movie

BATCH = 500
_MOST_NAMED, _SHOWN_LENGTH = 20, 200
_GO_ON = "What was changed is kept; the same command goes on."
_HELD = {"payload__isnull": False, "fetched_at__isnull": False}
_COLUMNS = (
    "pk", "media_type", "tmdb_id", "fetched_at", "payload_id", "payload__body", "payload__size",
)  # fmt: skip
Say = Callable[[str], None]


@dataclass
class Replayed:
    read: int = 0
    changed: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    examples: list[dict[str, str]] = field(default_factory=list)

    def add(self, merged: Mapping[Key, Merged]) -> None:
        for (media_type, number), each in merged.items():
            self.changed += bool(each.changes)
            self.fields.update(change.field for change in each.changes)
            for change in each.changes[: _MOST_NAMED - len(self.examples)]:
                self.examples.append({
                    "movie": f"{media_type} {number}",
                    "field": change.field,
                    "before": str(change.before)[:_SHOWN_LENGTH],
                    "after": str(change.after)[:_SHOWN_LENGTH],
                    "why": change.reason,
                })  # fmt: skip


def replay_movies(
    *, apply: bool, stop: StopRequest, say: Say, reporter: Reporter, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """Count what would change, or with `apply` change it, a batch in each transaction."""
    told, images = Replayed(), images_wanted()
    reporter.start(Movie.objects.filter(**_HELD).count(), "payloads")
    for rows in _batches():
        if stop:
            break
        batch = [each for each in (_read(row, images, told) for row in rows) if each]
        told.add(_rewrite(batch, clock.now()) if apply else _plan(batch, clock.now()))
        told.read += len(rows)
        reporter.advance(len(rows))
    reporter.close()
    if apply and told.changed:
        audit.record(
            os_user(), "replay movies", at=clock.now(), count=told.changed,
            details={"fields": dict(told.fields)},
        )  # fmt: skip
    return _report(told, apply, stop, say)


def _batches() -> Iterator[list[tuple[int, str, int, dt.datetime, str, bytes, int]]]:
    last = 0
    while True:
        rows: Any = Movie.objects.filter(pk__gt=last, **_HELD).order_by("pk")
        found = list(rows.values_list(*_COLUMNS)[:BATCH])
        if not found:
            return
        yield found
        last = found[-1][0]


def _read(
    row: tuple[int, str, int, dt.datetime, str, bytes, int],
    images: Images,
    told: Replayed,
) -> Fetched | None:
    _, media_type, tmdb_id, fetched_at, sha256, packed, size = row
    packed = bytes(packed)
    try:
        values = read_movie(unpack(packed), media_type, images)
        if values.key != (media_type, tmdb_id):
            raise ValueError(f"it is of {values.media_type} {values.tmdb_id}")
    except (BadPayload, Unavailable, ValueError) as error:
        told.damaged.append(f"{media_type} {tmdb_id}: {error}"[:300])
        return None
    return Fetched(values, Body(sha256, packed, size), fetched_at)


def _plan(batch: list[Fetched], now: dt.datetime) -> Mapping[Key, Merged]:
    return plan_movies(batch, locks_of=lambda ids: locks_of(ids, now))


def _rewrite(batch: list[Fetched], now: dt.datetime) -> Mapping[Key, Merged]:
    def attempt() -> Mapping[Key, Merged]:
        with transaction.atomic():
            return rewrite_movies(batch, now=now, locks_of=lambda ids: locks_of(ids, now)).merged

    return again_when_locked(attempt)


def _report(told: Replayed, apply: bool, stop: StopRequest, say: Say) -> Report:
    would = "" if apply else "would be "
    fields = ", ".join(f"{name} {count:,}" for name, count in told.fields.most_common())
    say(
        f"{told.changed:,} of {told.read:,} movies {would}changed{': ' if fields else ''}{fields}."
    )
    for each in told.examples:
        say(f"{each['movie']} {each['field']}: {each['before']} -> {each['after']}")
    for line in told.damaged[:_MOST_NAMED]:
        say(f"Skipped: {line}")
    data = {
        "read": told.read,
        "changed": told.changed,
        "fields": dict(told.fields),
        "damaged": told.damaged,
        "examples": told.examples,
        "applied": apply,
        "stopped": bool(stop),
    }
    return Report(data, stopped_by=stop.signal_number, how_to_go_on=_GO_ON)
