"""How far titles and movies are, for `sync_status`."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from popflix.console.status.areas import Area, Standing, register
from popflix.console.status.counting import due, ends, failures
from popflix.lib.tally import tally
from sync.availability.standing import areas as of_providers
from sync.links import campaign as links
from sync.links import import_wish, selection
from sync.links.models import Enrichment, MediaLinks, ProcessedStatus, Title
from sync.movies import campaign as crawling
from sync.movies.fetching import due_rows
from sync.movies.models import Movie, MovieFetch, UpstreamState


def titles(now: dt.datetime) -> Standing:
    """Of titles of the wanted types; those without a row yet are not even queued."""
    held = tally(MediaLinks.objects.order_by(), "processed_status")
    wanted = Title.objects.filter(title_type__in=settings.POPFLIX_TITLE_TYPES).count()
    counts = {str(name).lower(): held[(str(name),)] for name in ProcessedStatus}
    return Standing(
        counts | {"not queued": max(0, wanted - held.total())},
        **due(selection.due_rows(now)),
        failures=failures(Enrichment.objects.all()),
        rate_per_second=settings.TMDB_RATE_PER_SECOND,
    )


def movies(now: dt.datetime) -> Standing:
    """`not held` are ids that are known, and no movie of theirs."""
    held = tally(Movie.objects.order_by(), "upstream_state")
    counts = {str(name): held[(str(name),)] for name in UpstreamState}
    counts["excluded"] = Movie.objects.filter(excluded_at__isnull=False).count()
    counts["not held"] = MovieFetch.objects.filter(movie=None).count()
    oldest_at, newest_at = ends(Movie.objects.all(), "fetched_at")
    return Standing(
        counts,
        **due(due_rows(now)),
        oldest_at=oldest_at,
        newest_at=newest_at,
        failures=failures(MovieFetch.objects.all()),
        rate_per_second=settings.TMDB_RATE_PER_SECOND,
    )


register(
    lambda: [
        Area("titles", "Titles", titles, units=(links.UNIT, import_wish.UNIT)),
        Area("movies", "Movies", movies, units=(crawling.CRAWL, crawling.REFRESH)),
    ],
    rank=10,
)
register(of_providers, rank=20)
