"""Telling the other half of the house which movies are on sale: their work goes first."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Max, Min

from reconcile.feed.words import is_active
from reconcile.shows.models import MasterShow
from reconcile.shows.titles import YEARS_APART, Known, Shown, match, spans
from sync.movies.models import MediaType, Movie, UpstreamState
from sync.priority import raise_for

log = logging.getLogger(__name__)


def raise_after(now: dt.datetime) -> None:
    """After master was looked over, also where nothing of it changed: checks that were settled
    since, and movies that came since, are told of their shows anew. The shows stay in master
    whatever becomes of the hint: what breaks it is logged."""
    try:
        raise_on_sale(now)
    except DatabaseError:
        log.exception("the movies that are on sale could not be put first")


def raise_on_sale(now: dt.datetime) -> int:
    """Have the work of movies that are shown from `now` on done first; returns how many rows of
    it were raised.

    Called after master has changed. A movie whose last show is over is not raised again: its
    work falls back to the others as soon as it is done.
    """
    if not Movie.objects.exists():
        return 0
    wanted = spans(_shown(now))
    if not wanted:
        return 0
    years = [year for span in wanted.values() for year in span]
    return raise_for(match(wanted, _known(min(years), max(years))), now)


def _shown(now: dt.datetime) -> Iterator[Shown]:
    """Each title once for each word that its shows are active by."""
    shows = MasterShow.objects.filter(show_time__gte=now, missing_since=None).order_by()
    grouped = shows.values_list("title", "is_active")
    for title, word, first, last in grouped.annotate(Min("show_time"), Max("show_time")):
        if is_active(word):
            yield Shown(title, first.year, last.year)


def _known(first_year: int, last_year: int) -> Iterator[Known]:
    """Movies of these years, by the index of years."""
    movies = Movie.objects.filter(
        year__range=(first_year - YEARS_APART, last_year + YEARS_APART),
        media_type=MediaType.MOVIE,
        upstream_state=UpstreamState.LIVE,
        excluded_at=None,
    ).order_by()
    rows = movies.values_list("pk", "title", "original_title", "year")
    for pk, title, original, year in rows.iterator(chunk_size=5000):
        if year is not None:
            yield Known(pk, (title, original), year)
