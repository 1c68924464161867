"""A window that is being read: what was handed out, what came back, and where it stands then.

`take` and `miss` may come again with the same page (a deadlock undid the commit); `decide` says
what the commit writes, and only `moved`, once that is through, makes it so here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sync.movies.crawl_models import CrawlWindow, WindowState
from sync.movies.idset import IdSet
from sync.movies.windows import (
    BY_FAME_DOWN,
    MOST_PASSES,
    Move,
    Span,
    first_move,
    last_move,
    other_way,
)
from sync.tmdb.catalogue import IdPage


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of one window."""

    window: int
    page: int
    days: tuple[dt.date, dt.date] | None
    order: str


class OpenWindow:
    def __init__(self, row: CrawlWindow) -> None:
        self.row = row
        self.columns: dict[str, object] = {}
        self.short_of = ""
        self._seen = IdSet()
        self._begin(row.next_page)

    def _begin(self, page: int) -> None:
        self._next_to_hand = page
        self._dealt: set[int] = set()
        self._missed: set[int] = set()
        self._told: IdPage | None = None
        self._move: Move | None = None

    @property
    def is_open(self) -> bool:
        is_parked = self.row.state == WindowState.NEW and bool(self._missed)
        return self.row.state in (WindowState.NEW, WindowState.PAGES) and not is_parked

    @property
    def ends_whole(self) -> bool:
        return self.columns.get("state") in (WindowState.DONE, WindowState.SPLIT)

    @property
    def days(self) -> tuple[dt.date, dt.date] | None:
        first, last = self.row.from_date, self.row.to_date
        return (first, last) if first and last else None

    def hand_out(self, most: int, cap: int) -> list[Asked]:
        """The next pages; of a window that was not looked at yet, one."""
        if self.row.state == WindowState.NEW:
            last = self.row.next_page
        else:
            last = min(self.row.total_pages or 0, cap)
        end = min(last, self._next_to_hand + most - 1)
        pages = range(self._next_to_hand, end + 1)
        self._next_to_hand = max(self._next_to_hand, end + 1)
        return [Asked(self.row.pk, page, self.days, self.row.order) for page in pages]

    def take(self, asked: Asked, told: IdPage) -> None:
        for number in told.ids:
            self._seen.add(number)
        if asked.order == self.row.order:  # else it was under way when the pass before ended
            self._dealt.add(asked.page)
            self._told = told

    def miss(self, asked: Asked) -> None:
        if asked.order == self.row.order:
            self._dealt.add(asked.page)
            self._missed.add(asked.page)

    # --- deciding -----------------------------------------------------------------------

    def decide(self, cap: int, *, verify: bool) -> list[CrawlWindow]:
        """Set `columns`, `short_of`; returns the windows that take this one's place."""
        self.columns, self.short_of = {}, ""
        if self._told is not None:
            self.columns |= {
                "total_pages": self._told.total_pages, "total_results": self._told.total_results,
            }  # fmt: skip
        if self.row.state == WindowState.NEW:
            return self._decide_first(cap, verify)
        return self._decide_on(cap, verify)

    def _decide_first(self, cap: int, verify: bool) -> list[CrawlWindow]:
        if self._told is None:  # its first page failed: it is looked at again with its gap
            return []
        if self.days is None:
            self.columns["state"] = WindowState.DONE
            return []
        move = first_move(Span(*self.days), self._told.total_pages, cap)
        if move is Move.SPLIT:
            return self._split()
        self.columns["state"] = WindowState.PAGES
        if move is Move.BOTH_ENDS:
            self.columns |= {"order": BY_FAME_DOWN, "next_page": 1}
            self._move = Move.AGAIN
            return []
        return self._decide_on(cap, verify)

    def _decide_on(self, cap: int, verify: bool) -> list[CrawlWindow]:
        page = self.row.next_page
        while page in self._dealt:
            page += 1
        self.columns["next_page"] = page
        total_pages = self._told.total_pages if self._told else self.row.total_pages or 0
        if page <= min(total_pages, cap):
            return []
        passes = self.row.passes + 1
        self.columns["passes"] = passes
        move = self._pass_ended(passes, total_pages, cap, verify)
        if move is Move.SPLIT:
            return self._split()
        if move is Move.AGAIN:
            self.columns |= {"order": other_way(self.row.order), "next_page": 1}
            self._move = move
        else:
            self.columns["state"] = WindowState.DONE if move is Move.DONE else WindowState.SHORT
        return []

    def _pass_ended(self, passes: int, total_pages: int, cap: int, verify: bool) -> Move:
        told = self._told.total_results if self._told else self.row.total_results
        total_results, days = told or 0, self.days
        assert days is not None  # what is only counted has ended before
        seen = len(self._seen)
        if verify:
            move = last_move(
                Span(*days), seen=seen, total_results=total_results, total_pages=total_pages,
                passes=passes, cap=cap,
            )  # fmt: skip
        elif not self._missed:
            move = Move.DONE
        else:
            move = Move.AGAIN if passes < MOST_PASSES else Move.SHORT
        if move is Move.SHORT:
            missed = f", {len(self._missed)} pages failed" if self._missed else ""
            self.short_of = f"{seen:,} of {total_results:,} seen{missed}"
        return move

    def _split(self) -> list[CrawlWindow]:
        assert self.days is not None
        self.columns["state"] = WindowState.SPLIT
        return [
            CrawlWindow(
                crawl_id=self.row.crawl_id, from_date=half.first, to_date=half.last,
                order=self.row.order,
            )
            for half in Span(*self.days).halves()
        ]  # fmt: skip

    def moved(self) -> None:
        """The commit is through: what `decide` said is so."""
        if not self.is_open:
            return
        for name, value in self.columns.items():
            setattr(self.row, name, value)
        if self._move is Move.AGAIN:
            self._begin(1)
