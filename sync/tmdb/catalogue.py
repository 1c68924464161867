"""TMDB's API for the catalogue of movies and series: whole records, lists of ids, changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.http import Rejected
from popflix.lib.limiter import Limiter
from sync.tmdb.client import Http, build_http
from sync.tmdb.full import APPENDED
from sync.tmdb.payloads import Changed, ListedMovie, Page, parse

MOST_CHANGED_DAYS = 14  # so far back /changes reaches
INVALID_PAGE = 22  # TMDB's code for a page beyond those it serves
_DATE_KEY = {"movie": "primary_release_date", "tv": "first_air_date"}


@dataclass(frozen=True, slots=True)
class IdPage:
    """One page of a list of ids, whatever the list is of."""

    ids: Sequence[int]
    total_pages: int
    total_results: int


class CatalogueClient:
    """Thread-safe. Each method sends one request and raises as `TmdbClient`'s do."""

    def __init__(self, http: Http, languages: Sequence[str]) -> None:
        self._http = http
        self._full = {"language": languages[0]}
        if len(languages) > 1:
            chain = ",".join([*(tag.partition("-")[0] for tag in languages), "null"])
            self._full |= {"include_video_language": chain, "include_image_language": chain}

    def full(self, media_type: str, tmdb_id: int, lane: int) -> bytes:
        """The record with all that is appended, as it was sent."""
        params = self._full | {"append_to_response": APPENDED[media_type]}
        return self._http.get(f"/{media_type}/{tmdb_id}", params, lane=lane).body

    def watch_providers(self, media_type: str, tmdb_id: int, lane: int) -> bytes:
        """Where it can be watched in every region, as it was sent; `sync.tmdb.watch` reads it."""
        return self._http.get(f"/{media_type}/{tmdb_id}/watch/providers", {}, lane=lane).body

    def discover(
        self,
        media_type: str,
        page: int,
        lane: int,
        *,
        days: tuple[dt.date, dt.date] | None,
        order: str,
        include_adult: bool,
    ) -> IdPage:
        """Titles whose date lies in `days`; None: all, those without a date among them."""
        key = _DATE_KEY[media_type]
        params = {
            "page": str(page),
            "include_adult": str(include_adult).lower(),
            "sort_by": order.replace("date.", f"{key}."),
        }
        if media_type == "movie":
            params["include_video"] = "true"  # which the export lists, too
        if days:
            params |= {f"{key}.gte": days[0].isoformat(), f"{key}.lte": days[1].isoformat()}
        body = self._http.get(f"/discover/{media_type}", params, lane=lane).body
        return _ids(parse(Page[ListedMovie], body))

    def changes(
        self, media_type: str, page: int, lane: int, *, days: tuple[dt.date, dt.date]
    ) -> IdPage:
        """Ids that were changed on these days, at most `MOST_CHANGED_DAYS` ago."""
        params = {
            "page": str(page),
            "start_date": days[0].isoformat(),
            "end_date": days[1].isoformat(),
        }
        body = self._http.get(f"/{media_type}/changes", params, lane=lane).body
        return _ids(parse(Page[Changed], body))

    @property
    def request_count(self) -> int:
        return self._http.sent

    def close(self) -> None:
        self._http.close()


def is_page_refused(error: Rejected) -> bool:
    return error.code == INVALID_PAGE


def build_catalogue(limiter: Limiter, clock: Clock = SYSTEM_CLOCK) -> CatalogueClient:
    """The client of the settings. Raises ConfigurationError where no usable key is set."""
    return CatalogueClient(build_http(limiter, clock), settings.POPFLIX_LANGUAGES)


def _ids(page: Page[ListedMovie] | Page[Changed]) -> IdPage:
    return IdPage([entry.id for entry in page.results], page.total_pages, page.total_results)
