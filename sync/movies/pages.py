"""The engine's view of a list in pages: which page of which window is next, and what it told.

Windows, pages and ids move in one commit. What was seen of a window is held in memory alone: a
run that goes on after a crash finds the pages behind `next_page` and counts what it sees itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from popflix.engine.context import RunContext
from popflix.engine.source import Counts
from popflix.lib.errors import OperatorError
from popflix.lib.http import Rejected, UpstreamError
from sync.movies.crawl_models import Crawl, CrawlGap, CrawlWindow, WindowState
from sync.movies.crawl_rows import add_up, record_page
from sync.movies.idset import IdSet
from sync.movies.open_window import Asked, OpenWindow
from sync.tmdb.catalogue import IdPage, is_page_refused

Ask = Callable[[Asked], IdPage]
ListIds = Callable[[Sequence[tuple[Asked, IdPage]]], int]
_OPEN = (WindowState.NEW, WindowState.PAGES)


@dataclass(frozen=True, slots=True)
class Rules:
    """How lists are read: `cap` pages are served of each; `verify` that all of it was seen."""

    cap: int
    verify: bool = True
    may_split: bool = True


class PageSource:
    """The windows of one crawl. `list_ids` writes what was read, in the commit of the pages."""

    def __init__(
        self, ctx: RunContext, crawl: Crawl, ask: Ask, list_ids: ListIds, rules: Rules
    ) -> None:
        self._ctx, self._crawl = ctx, crawl
        self._ask, self._list_ids, self._rules = ask, list_ids, rules
        rows = CrawlWindow.objects.filter(crawl=crawl, state__in=_OPEN).order_by("id")
        self._windows = {row.pk: OpenWindow(row) for row in rows}
        self._closed: dict[int, OpenWindow] = {}  # pages of theirs may still be on their way
        self._seen = IdSet()  # of the whole crawl
        self._back: list[Asked] = []

    def claim(self, limit: int) -> list[Asked]:
        given, self._back = self._back[:limit], self._back[limit:]
        for window in self._windows.values():
            given += window.hand_out(limit - len(given), self._rules.cap)
            if len(given) == limit:
                break
        return given

    def fetch(self, item: Asked) -> IdPage:
        return self._ask(item)

    def settle(
        self, ctx: RunContext, results: Sequence[tuple[Asked, IdPage | UpstreamError]]
    ) -> Counts:
        """Raises OperatorError, nothing written, where TMDB refuses the page itself."""
        read = [(asked, told) for asked, told in results if isinstance(told, IdPage)]
        failed = [(asked, told) for asked, told in results if isinstance(told, UpstreamError)]
        for asked, error in failed:
            if isinstance(error, Rejected):
                raise _refused(asked, error)
        for asked, page in read:
            self._require_reachable(asked, page)
            self._window(asked).take(asked, page)
        for asked, _ in failed:
            self._window(asked).miss(asked)
        touched = {asked.window: self._window(asked) for asked, _ in results}
        ids = {number for _, told in read for number in told.ids}
        news = [number for number in ids if number not in self._seen]
        with ctx.commit():
            add_up(self._crawl, listed=len(news), new=self._list_ids(read))
            for asked, error in failed:
                record_page(self._crawl, asked.window, asked.page, str(error), ctx.now())
            opened = [self._move(window) for window in touched.values() if window.is_open]
        for number in news:
            self._seen.add(number)
        for window in touched.values():
            window.moved()
        self._closed |= {pk: window for pk, window in touched.items() if not window.is_open}
        for pk in self._closed.keys() & self._windows.keys():
            del self._windows[pk]
        self._windows |= {row.pk: OpenWindow(row) for children in opened for row in children}
        return Counts(done=len(results), ok=len(read), failed=len(failed))

    def give_back(
        self, ctx: RunContext, items: Sequence[Asked], *, due_in_seconds: float, why: str
    ) -> None:
        """Nobody else reads this crawl's pages: they are asked for first when it goes on."""
        self._back += items

    def renew(self, items: Sequence[Asked]) -> None:
        """The run's own lease is what keeps others away."""

    def _window(self, asked: Asked) -> OpenWindow:
        return self._windows.get(asked.window) or self._closed[asked.window]

    def _require_reachable(self, asked: Asked, told: IdPage) -> None:
        """Of a window that must not be split. Raises OperatorError."""
        if self._rules.may_split:
            return
        is_first = self._window(asked).row.state == WindowState.NEW
        if told.total_pages > self._rules.cap or (is_first and asked.page > told.total_pages > 0):
            raise OperatorError(
                f"The window has {told.total_pages:,} pages, {self._rules.cap} can be read, and "
                f"page {asked.page} was asked for; no cursor has moved.",
                "Narrow it with --from and --to, or leave --start-page out: it is split then.",
            )

    def _move(self, window: OpenWindow) -> list[CrawlWindow]:
        """Write where the window stands now; returns the windows it is split into."""
        now = self._ctx.now()
        children = window.decide(self._rules.cap, verify=self._rules.verify)
        CrawlWindow.objects.filter(pk=window.row.pk).update(**window.columns)
        gaps = CrawlGap.objects.filter(window_id=window.row.pk, resolved_at=None)
        if window.ends_whole:
            gaps.update(resolved_at=now, due_at=None)
        elif window.short_of:
            CrawlGap.objects.update_or_create(
                crawl=self._crawl, window_id=window.row.pk, page=None, line=None, resolved_at=None,
                defaults={"reason": window.short_of, "found_at": now},
            )  # fmt: skip
        return CrawlWindow.objects.bulk_create(children) if children else []


def _refused(asked: Asked, error: Rejected) -> OperatorError:
    if is_page_refused(error):
        return OperatorError(
            f"TMDB serves no page {asked.page} ({error}); no cursor has moved.",
            "Set TMDB_DISCOVER_PAGES to the last page that TMDB serves, or narrow the window.",
        )
    return OperatorError(
        f"TMDB takes the question for page {asked.page} for malformed ({error}).",
        "It is popflix's mistake, or the address in TMDB_BASE_URL is not TMDB's.",
    )
