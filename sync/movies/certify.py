"""The coverage certificate: what an export lists, beside what is held of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet

from popflix.lib.batches import chunk
from sync.movies.crawl_models import Certificate, Crawl, CrawlGap
from sync.movies.export_file import Export
from sync.movies.held import IN_ONE_STATEMENT
from sync.movies.idset import IdSet, pack_ids
from sync.movies.models import Movie, MovieFetch, UpstreamState
from sync.movies.verdict import NOT_FOUND
from sync.movies.work import purged_ids

HELD, MERGED, GONE, EXCLUDED, MISSING = "held", "merged", "gone", "excluded", "missing"
_GAPS_TOLD = 50


@dataclass(frozen=True)
class Certified:
    """The row, with the ids that it packs."""

    row: Certificate
    missing: Sequence[int]
    beyond: Sequence[int]

    @property
    def told(self) -> str:
        row = self.row
        return (
            f"{row.export_name}: {row.in_export:,} ids, {row.held + row.merged:,} held, "
            f"{row.missing:,} missing, {row.gone:,} gone upstream, {row.excluded:,} excluded: "
            f"{row.percent:.2f} %."
        )


def certify(
    export: Export,
    media_type: str,
    *,
    now: dt.datetime,
    crawl: Crawl | None = None,
    save: bool = True,
) -> Certified:
    """Raises OperatorError where the export cannot be read."""
    include_adult = crawl is None or bool(crawl.params.get("include_adult"))
    listed = IdSet(export.ids(include_adult=include_adult))
    counts, missing = Counter[str](), []
    for some in chunk(listed, IN_ONE_STATEMENT):
        states = _states(media_type, some)
        counts.update(states.values())
        missing += [number for number, state in states.items() if state == MISSING]
    held = Movie.objects.filter(media_type=media_type, upstream_state=UpstreamState.LIVE)
    all_held = held.order_by().values_list("tmdb_id", flat=True).iterator(chunk_size=5000)
    beyond = sorted(number for number in all_held if number not in listed)
    gaps = CrawlGap.objects.filter(crawl=crawl, resolved_at=None) if crawl else None
    row = Certificate(
        crawl=crawl,
        media_type=media_type,
        export_name=export.name[:100],
        made_at=now,
        in_export=len(listed),
        held=counts[HELD],
        merged=counts[MERGED],
        gone=counts[GONE],
        excluded=counts[EXCLUDED],
        missing=len(missing),
        beyond=len(beyond),
        percent=_percent(counts),
        undated=crawl.undated_count if crawl else None,
        gaps=[] if gaps is None else [f"{gap}: {gap.reason}" for gap in _first(gaps)],
        gap_count=0 if gaps is None else gaps.count(),
        missing_ids=pack_ids(missing),
        beyond_ids=pack_ids(beyond),
    )
    if save:
        row.save()
    return Certified(row, missing, beyond)


def _first(gaps: QuerySet[CrawlGap]) -> Sequence[CrawlGap]:
    return list(gaps.select_related("window").order_by("id")[:_GAPS_TOLD])


def _states(media_type: str, ids: Sequence[int]) -> dict[int, str]:
    """What is known of each, by the movie where there is one, else by the work of fetching it."""
    states = dict.fromkeys(ids, MISSING)
    work = MovieFetch.objects.filter(media_type=media_type, tmdb_id__one_of=ids)
    states |= dict.fromkeys(
        work.filter(failure_kind=NOT_FOUND).values_list("tmdb_id", flat=True), GONE
    )
    states |= dict.fromkeys(purged_ids(media_type, ids), EXCLUDED)
    elsewhere = work.filter(movie__isnull=False).exclude(movie__tmdb_id=F("tmdb_id"))
    states |= dict.fromkeys(elsewhere.values_list("tmdb_id", flat=True), MERGED)
    movies = Movie.objects.filter(media_type=media_type, tmdb_id__one_of=ids)
    for number, state, fetched_at, excluded_at in movies.values_list(
        "tmdb_id", "upstream_state", "fetched_at", "excluded_at"
    ):
        if excluded_at is not None:
            states[number] = EXCLUDED
        elif state != UpstreamState.LIVE:
            states[number] = GONE if state == UpstreamState.GONE else MERGED
        elif fetched_at is not None:
            states[number] = HELD
    return states


def _percent(counts: Counter[str]) -> float:
    """Of what is there to be held; an export of nothing is held whole."""
    held = counts[HELD] + counts[MERGED]
    wanted = held + counts[MISSING]
    return 100.0 * held / wanted if wanted else 100.0
