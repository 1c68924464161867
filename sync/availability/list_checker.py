"""A provider that publishes what it has: the whole list is read first, a check is a look-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from popflix.lib.addresses import is_address
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.limiter import Limiter
from sync.availability.id_list import BadList, IdList, Page, plain_imdb_id
from sync.availability.list_pages import FilePages, HttpPages
from sync.availability.template import host_of, placeholders
from sync.availability.types import Checked, Found, Judged, ProviderConfig, Stored, Target
from sync.availability.verdict import NO_IMDB_ID, unknown

IN_LIST, NOT_IN_LIST, UNREAD = "in the list", "not in the list", "unreadable items"
MOST_PAGES = 20_000


class ListChecker:
    """Thread-safe once `begin` is through."""

    def __init__(self, config: ProviderConfig, limiter: Limiter, clock: Clock) -> None:
        self._config, self._clock = config, clock
        is_http = is_address(config.template)
        self._host = host_of(config.template)[:100] if is_http else ""
        self._is_paged = "page" in placeholders(config.template)
        self._pages = HttpPages(config, limiter, clock) if is_http else FilePages(config, limiter)
        self._read: tuple[IdList, dt.datetime] | None = None

    def begin(self, between: Callable[[], object] = lambda: None) -> None:
        """Raises OperatorError for a list that is empty, cut, unreadable or refused, a passing
        UpstreamError or Parked for one that cannot be had now: nothing is checked then."""
        self._read = None
        found = IdList()
        try:
            if not self._read_pages(found, between):
                return
            found.check()
        except BadList as fault:
            raise OperatorError(
                f"The list of the provider {self._config.name} {fault}.",
                "Nothing was checked by it; look at the list, or correct its template.",
            ) from None
        self._read = found, self._clock.now()

    def check(
        self, target: Target, lane: int, *, stored: Stored | None = None, mirror: str = ""
    ) -> Checked:
        if self._read is None:
            raise RuntimeError("the list is read by begin(), which comes before any check")
        found, read_at = self._read
        return Checked(target, overall=self._judge(found, target), at=read_at, was_sent=False)

    @property
    def request_count(self) -> int:
        return self._pages.request_count

    def close(self) -> None:
        self._pages.close()

    def _judge(self, found: IdList, target: Target) -> Judged:
        imdb_id = plain_imdb_id(target.imdb_id)
        if target.tmdb_id in found.tmdb_ids or imdb_id in found.imdb_ids:
            words = f"one of {found.item_count} titles in the list"
            return Judged(Found.AVAILABLE, IN_LIST, words, final_host=self._host)
        if found.imdb_only_count and not imdb_id:
            return unknown(NO_IMDB_ID, "TMDB names no IMDb id for it, which the list goes by")
        if found.odd_count:
            words = f"{found.odd_count} of {found.item_count} items cannot be read, the first is "
            return unknown(UNREAD, f"{words}item {found.first_odd}: it may be one of them")
        words = f"none of {found.item_count} titles in the list"
        return Judged(Found.UNAVAILABLE, NOT_IN_LIST, words, final_host=self._host)

    def _read_pages(self, found: IdList, between: Callable[[], object]) -> bool:
        """False: it was told to stop."""
        number, last = 1, 1
        while number <= last:
            if between():
                return False
            page = self._add(found, number)
            if not self._is_paged:
                _check_single(page)
                return True
            if number > 1 and not page.item_count:
                if page.page_count is None:
                    return True
                raise BadList(f"is empty on page {number} of {last}")
            # A list may grow while it is read; one that does not say how long it is has an end.
            last = max(last, number + 1 if page.page_count is None else page.page_count)
            number += 1
            if number > MOST_PAGES:
                raise BadList(f"comes to no end within {MOST_PAGES} pages")
        return True

    def _add(self, found: IdList, number: int) -> Page:
        body = self._pages.fetch(number)
        try:
            return found.add_page(body)
        except BadList as fault:
            where = f"on page {number} " if self._is_paged else ""
            raise BadList(f"{where}{fault}") from None


def _check_single(page: Page) -> None:
    if page.page_count is not None and page.page_count > 1:
        raise BadList(f"tells of {page.page_count} pages, and its template has no {{page}}")
