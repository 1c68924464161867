"""What is stored of a load besides its rows: slices, cinemas, counts, what it could not take."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping

from django.db import connection
from django.db.models import Max, Min, QuerySet

from popflix.lib.models import QuarantinedRow
from popflix.lib.quarantine import BadRow, quarantine
from reconcile.feed.feeds import Feed
from reconcile.feed.joining import LOAD_TABLE, Joining, rows_of
from reconcile.feed.mapping import Bad
from reconcile.feed.models import (
    LINES_A_LOAD,
    Cinema,
    Load,
    LoadRow,
    LoadSlice,
    LoadState,
)

READER = "show feed"


def zones_for(feed: Feed) -> Callable[[int], str]:
    """The zone of each cinema by its number, the feed's where it has none of its own.

    It raises Bad for a cinema of another feed.
    """
    rows = Cinema.objects.values_list("pk", "source", "zone")
    known = {pk: (source, zone) for pk, source, zone in rows}

    def zone_of(cinema_id: int) -> str:
        owner, zone = known.get(cinema_id, (feed.name, ""))
        if owner != feed.name:
            raise Bad(others_cinema(cinema_id, owner))
        return zone or feed.zone

    return zone_of


def learn(load: Load, names: Mapping[int, str], now: dt.datetime) -> None:
    """Remember the cinemas of a feed; rows of one that is another feed's by now are refused."""
    new = [
        Cinema(pk=pk, name=name, source=load.source, first_seen_at=now, last_seen_at=now)
        for pk, name in names.items()
    ]
    Cinema.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    known = Cinema.objects.in_bulk([*names])
    seen = [each for each in known.values() if each.source == load.source]
    for cinema in seen:
        cinema.name = names[cinema.pk] or cinema.name
        cinema.last_seen_at = now
    Cinema.objects.bulk_update(seen, ["name", "last_seen_at"], batch_size=100)
    for cinema in known.values():
        if cinema.source != load.source:
            rows = _rows(load).filter(cinema_id=cinema.pk)
            refuse(load, rows, others_cinema(cinema.pk, cinema.source), now)


def others_cinema(cinema_id: int, source: str) -> str:
    return f"cinema_id {cinema_id} is a cinema of the feed {source}"


def refuse(load: Load, rows: QuerySet[LoadRow], reason: str, now: dt.datetime) -> None:
    """Put rows of the load table into quarantine, in the caller's transaction."""
    bad = [BadRow(row.pk % LINES_A_LOAD, reason, _raw(row)) for row in rows]
    quarantine(load.source, bad, now=now, run_id=load.run_id, reader=READER)
    load.quarantined_count += len(bad)
    load.save(update_fields=["quarantined_count"])
    rows.delete()


def _raw(row: LoadRow) -> str:
    """As a feed could have had it."""
    told = {
        "movie_ID": row.movie_id, "cinema_id": row.cinema_id, "screen_name": row.screen_name,
        "movie_showTime": f"{row.show_time.isoformat()}", "movie_title": row.title,
        "movie_rating": row.rating, "movie_length": row.length, "movie_format": row.format,
        "movie_genere": row.genere, "is_active": row.is_active, "movie_image_new": row.image_url,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False)


def forget_older(load: Load, since: dt.datetime) -> None:
    """Quarantine shows what the newest load of a source could not take, and no more."""
    QuarantinedRow.objects.filter(source=load.source, reader=READER, at__lt=since).delete()


def forget_newer(load: Load, since: dt.datetime) -> None:
    """A load that came to nothing put nothing into quarantine."""
    QuarantinedRow.objects.filter(source=load.source, reader=READER, at__gte=since).delete()


def close(load: Load, sql: Joining, now: dt.datetime) -> None:
    """Count the load's slices, and let it be what staging shows."""
    load.slices.all().delete()
    with connection.cursor() as cursor:
        active = f"SUM(CASE WHEN {sql.is_inactive()} THEN 0 ELSE 1 END)"
        cinema = sql.quote("cinemaId")
        cursor.execute(
            f"SELECT l.{cinema}, l.day, COUNT(*), {active} FROM {LOAD_TABLE} l "
            f"WHERE {rows_of(load)} GROUP BY l.{cinema}, l.day"
        )
        found = cursor.fetchall()
    LoadSlice.objects.bulk_create(
        (
            LoadSlice(load=load, cinema_id=cinema_id, day=day, rows=rows, active_rows=int(active))
            for cinema_id, day, rows, active in found
        ),
        batch_size=500,
    )
    bounds = _rows(load).aggregate(first=Min("show_time"), last=Max("show_time"))
    load.first_show_at, load.last_show_at = bounds["first"], bounds["last"]
    load.staged_count = sum(row[2] for row in found)
    load.state, load.finished_at = LoadState.LOADED, now
    load.save()


def _rows(load: Load) -> QuerySet[LoadRow]:
    first = load.pk * LINES_A_LOAD
    return LoadRow.objects.filter(pk__gte=first, pk__lt=first + LINES_A_LOAD)
