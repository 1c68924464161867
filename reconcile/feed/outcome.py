"""What is stored of a load besides its rows: slices, cinemas, counts, what it could not take."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping

from django.db.models import QuerySet, Sum

from popflix.lib.batches import chunk
from popflix.lib.models import QuarantinedRow
from popflix.lib.quarantine import BadRow, quarantine
from reconcile.feed import slicing
from reconcile.feed.feeds import Feed
from reconcile.feed.joining import Joining
from reconcile.feed.mapping import Bad
from reconcile.feed.models import LINES_A_LOAD, Cinema, Load, LoadRow, LoadState
from reconcile.feed.rezoning import as_written
from reconcile.feed.zones import Times
from reconcile.shows.models import SyncShow

READER = "show feed"
_CINEMAS_A_STATEMENT = 500


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
    known = _known(names)
    new = [
        Cinema(pk=pk, name=name, source=load.source, first_seen_at=now, last_seen_at=now)
        for pk, name in names.items()
        if pk not in known
    ]
    if new:
        Cinema.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
        known = _known(names)
    own = {pk: name for pk, (source, name) in known.items() if source == load.source}
    for some in chunk(list(own), _CINEMAS_A_STATEMENT):
        Cinema.objects.filter(pk__in=some).update(last_seen_at=now)
    renamed = [Cinema(pk=pk, name=names[pk]) for pk in own if names[pk] not in ("", own[pk])]
    Cinema.objects.bulk_update(renamed, ["name"], batch_size=100)
    for pk, (source, _) in known.items():
        if source != load.source:
            refuse(load, _rows(load).filter(cinema_id=pk), others_cinema(pk, source), now)


def _known(cinemas: Collection[int]) -> dict[int, tuple[str, str]]:
    """Source and name of those of the cinemas that are known."""
    found: dict[int, tuple[str, str]] = {}
    for some in chunk(list(cinemas), _CINEMAS_A_STATEMENT):
        rows = Cinema.objects.filter(pk__in=some).values_list("pk", "source", "name")
        found.update((pk, (source, name)) for pk, source, name in rows)
    return found


def others_cinema(cinema_id: int, source: str) -> str:
    return f"cinema_id is {cinema_id}, a cinema of the feed {source}"


def refuse(load: Load, rows: QuerySet[LoadRow], reason: str, now: dt.datetime) -> None:
    """Put rows of the load table into quarantine, in the caller's transaction."""
    own = dict(
        Cinema.objects.filter(source=load.source).exclude(zone="").values_list("pk", "zone")
    )
    times = Times(load.times or Times.UTC)
    bad = [
        BadRow(
            row.pk % LINES_A_LOAD, reason, raw_of(row, own.get(row.cinema_id, load.zone), times)
        )
        for row in rows
    ]
    quarantine(load.source, bad, now=now, run_id=load.run_id, reader=READER)
    load.quarantined_count += len(bad)
    load.save(update_fields=["quarantined_count"])
    rows.delete()
    slicing.forget(load)


def raw_of(row: LoadRow | SyncShow, zone: str, times: Times) -> str:
    """As a feed could have had it whose times are read in this zone."""
    told = {
        "movie_ID": row.movie_id, "cinema_id": row.cinema_id, "screen_name": row.screen_name,
        "movie_showTime": as_written(row.show_time, zone, times), "movie_title": row.title,
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
    if not slicing.are_kept(load):
        slicing.count_anew(load, sql)
    load.staged_count = load.slices.aggregate(rows=Sum("rows"))["rows"] or 0
    load.state, load.finished_at = LoadState.LOADED, now
    load.save()


def _rows(load: Load) -> QuerySet[LoadRow]:
    first = load.pk * LINES_A_LOAD
    return LoadRow.objects.filter(pk__gte=first, pk__lt=first + LINES_A_LOAD)
