"""The sidebar in the operator's words: sections of lists and pages, not Django's apps.

An admin page says where it stands with `menu = ("Titles", 10)`: the section and its rank there,
and optionally `menu_label`. Pages that belong to no model are registered here. What names no
section stands under *Under the hood*.
"""

from __future__ import annotations

from dataclasses import dataclass

WORK, RECORDS, ACCOUNTS, HOOD = "Work", "Records", "Accounts", "Under the hood"
_ranks: dict[str, int] = {WORK: 10, RECORDS: 70, ACCOUNTS: 80, HOOD: 90}


@dataclass(frozen=True)
class Page:
    """A page of no model: `url_name` without arguments; `permission` is what one needs for it."""

    section: str
    label: str
    url_name: str
    permission: str
    rank: int = 50


_pages: list[Page] = []


def section(name: str, rank: int) -> str:
    """Give a section its place: 20 titles, 30 movies, 40 availability, 50 shows."""
    _ranks[name] = rank
    return name


def rank_of(name: str) -> int:
    return _ranks.get(name, _ranks[HOOD])


def register(page: Page) -> None:
    _pages.append(page)


def pages() -> list[Page]:
    return list(_pages)
