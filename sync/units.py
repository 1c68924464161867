"""The units of this app: what the engine can run by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.conf import settings

from popflix.engine import deadletters
from popflix.engine.conditions import release_condition
from popflix.engine.context import RunContext
from popflix.engine.deadletters.of_rows import WorkRowSource
from popflix.engine.leases import on_run_lost
from popflix.engine.models import Pause, Run, WorkRow
from popflix.engine.registry import Mode, Timetable, process, unit
from popflix.engine.retry import RetryPolicy
from popflix.engine.work import release_rows
from popflix.lib import replaying
from popflix.lib.clock import SYSTEM_CLOCK
from sync.availability import controlled, recheck_matching
from sync.availability.units import register_provider_units, return_checks
from sync.links import campaign, coverage, import_wish, retry_matching, selection, wish
from sync.links.enrich import enrich, why_not_ready
from sync.links.imdb_files import RATINGS, TITLES
from sync.links.import_run import import_imdb
from sync.links.models import GIVEN_UP_KINDS, Enrichment
from sync.links.replaying import RATING_ROWS, TITLE_ROWS
from sync.movies import campaign as movies
from sync.movies import crawl_wish, verdict
from sync.movies.crawl import crawl_movies as crawl
from sync.movies.fetching import why_not_ready as why_no_movies
from sync.movies.models import MovieFetch
from sync.movies.refresh import refresh_movies as refresh
from sync.movies.units import import_movies
from sync.tmdb import key
from sync.tmdb.client import BUCKET

__all__ = ["import_movies"]  # registered where it stands
# A title that TMDB does not answer for waits by itself; what breaks a whole run is the network
# to the database or a bug. The next start by the timetable is never far.
_RETRY = RetryPolicy(attempts=3, base_seconds=20, cap_seconds=300, deadline_seconds=900)


@unit(
    name=campaign.UNIT,
    slots=2,
    title="Posters and trailers",
    clean_params=wish.clean_params,
    retry=_RETRY,
    timetable=Timetable(every_seconds=900),
    ready=why_not_ready,
    bucket=BUCKET,
)
def sync_media_links(ctx: RunContext) -> Mapping[str, object]:
    """Ask TMDB about each title that is due; several runs share rows and rate."""
    found = enrich(ctx)
    coverage.measure_after(ctx, has_changed=bool(found["success"] or found["failed"]))
    return found


@unit(name=import_wish.UNIT, title="IMDb's list of titles", clean_params=import_wish.clean_params)
def import_titles(ctx: RunContext) -> Mapping[str, object]:
    """Load title.basics, and title.ratings where asked for; writes only what changed."""
    found = import_imdb(ctx)
    coverage.measure_after(ctx, has_changed=bool(found["inserted"] or found["updated"]))
    return found


@unit(
    name=coverage.UNIT,
    title="Coverage of titles",
    timetable=Timetable(every_seconds=600),
    ready=coverage.why_not_ready,
    is_housekeeping=True,
)
def measure_coverage(ctx: RunContext) -> Mapping[str, object]:
    """Count the titles that have an answer, a poster, a trailer."""
    return coverage.measure_now(ctx)


@unit(
    name=retry_matching.UNIT,
    title="Retry of media links",
    clean_params=retry_matching.clean_params,
    is_housekeeping=True,
)
def retry_media_links(ctx: RunContext) -> Mapping[str, object]:
    """Have TMDB asked again about all media links that a filter of their list matches."""
    return retry_matching.retry_matching(ctx)


# Neither has a timetable: whoever wants the catalogue says so, by crawling it once.
@unit(
    name=movies.CRAWL,
    slots=2,
    title="Crawl of movies",
    clean_params=crawl_wish.clean_crawl,
    retry=_RETRY,
    ready=why_no_movies,
    bucket=BUCKET,
)
def crawl_movies(ctx: RunContext) -> Mapping[str, object]:
    """List every id of TMDB's catalogue, fetch what is not held fresh, and certify it."""
    return crawl(ctx)


@unit(
    name=movies.REFRESH,
    slots=2,
    title="Refresh of movies",
    clean_params=crawl_wish.clean_refresh,
    retry=_RETRY,
    ready=why_no_movies,
    bucket=BUCKET,
)
def refresh_movies(ctx: RunContext) -> Mapping[str, object]:
    """Follow TMDB's changes, and fetch again what grows old."""
    return refresh(ctx)


@unit(
    name=recheck_matching.UNIT,
    title="Re-check of answers",
    clean_params=recheck_matching.clean_params,
    is_housekeeping=True,
)
def recheck_availability(ctx: RunContext) -> Mapping[str, object]:
    """Have the providers asked again about all that a filter of the list matches."""
    return recheck_matching.recheck_matching(ctx)


register_provider_units()


@release_condition(controlled.CONDITION, check_every_seconds=controlled.CHECK_SECONDS)
def controls_agree_again(pause: Pause, now: dt.datetime) -> bool:
    """The provider's controls come out as they must, at each of its mirrors."""
    return controlled.agree_again(pause, now)


# Once an operator has crawled it is kept: the export of a day is there by nine.
process(
    movies.KEPT,
    [movies.CRAWL, movies.REFRESH],
    mode=Mode.SEQUENTIAL,
    title="Catalogue of movies",
    timetable=Timetable(cron="0 9 * * *", jitter_seconds=1800),
    ready=movies.why_not_kept,
)


@release_condition(key.CONDITION, check_every_seconds=180)
def tmdb_takes_the_key(pause: Pause, now: dt.datetime) -> bool:
    """Another key is set by now, or TMDB takes the one it refused."""
    return key.is_taken_again(pause.memory)


deadletters.register(
    WorkRowSource(
        campaign.LETTERS,
        "Titles without an answer",
        Enrichment,
        unit=campaign.UNIT,
        on_retry=selection.pending_again,
        url_of=deadletters.page_of("admin:sync_medialinks_change"),
        kinds=GIVEN_UP_KINDS,
    )
)
deadletters.register(
    WorkRowSource(
        "movies",
        "Movies without an answer",
        MovieFetch,
        unit=movies.REFRESH,  # which fetches what is due, and lists nothing anew
        kinds=verdict.GIVEN_UP_KINDS,
    )
)
replaying.register(TITLES.name, TITLE_ROWS)
replaying.register(RATINGS.name, RATING_ROWS)


@on_run_lost
def return_media_links(run: Run, token_prefix: str) -> None:
    """A run died: what it had claimed is due at once, the attempts not counted."""
    _return(Enrichment, run, token_prefix)


@on_run_lost
def return_movies(run: Run, token_prefix: str) -> None:
    """The same for the ids of movies."""
    _return(MovieFetch, run, token_prefix)


on_run_lost(return_checks)


def _return(model: type[WorkRow], run: Run, token_prefix: str) -> None:
    release_rows(
        model,
        token_prefix=token_prefix,
        now=SYSTEM_CLOCK.now(),
        since=run.heartbeat_at,
        lease_seconds=settings.POPFLIX_LEASE_SECONDS,
    )
