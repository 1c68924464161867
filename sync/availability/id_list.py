"""A provider's list of what it has, page by page. Pure.

Forms: an array, or {"result": [array], "pages": number}. Items are numbers or texts (an id of
TMDB, or of IMDb where it begins with tt), or objects with `tmdb_id` and/or `imdb_id`. null, "",
0 and -1 say that the provider does not know the id.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_TCONST = re.compile(r"tt(\d{1,12})", re.ASCII)
_NO_ID: tuple[object, ...] = (None, "", 0, -1, "0", "-1", "null")
_ODD_SHARE = 0.1  # a list of which more cannot be read is of another form
LARGEST_ID = 2_147_483_647


class BadList(Exception):  # noqa: N818 - told to an operator by the caller
    """The text is no list of ids; it says so in words."""


@dataclass(slots=True)
class IdList:
    """What was read so far. `imdb_only` holds those items of which no TMDB id is known."""

    tmdb_ids: set[int] = field(default_factory=set)
    imdb_ids: set[str] = field(default_factory=set)
    imdb_only_count: int = 0
    item_count: int = 0
    odd_count: int = 0
    first_odd: int = 0  # its place, from 1 on

    def add_page(self, body: bytes) -> Page:
        """Raises BadList."""
        items, pages = _parse(body)
        for item in items:
            self._add(item)
        return Page(len(items), pages)

    def check(self) -> None:
        """Of the whole list. Raises BadList for one that nobody should rely on."""
        if self.odd_count > _ODD_SHARE * self.item_count:
            raise BadList(f"has {self.odd_count} items of {self.item_count} without an id in them")
        if not self.tmdb_ids and not self.imdb_ids:
            raise BadList("names no title at all")

    def _add(self, item: Any) -> None:
        self.item_count += 1
        try:
            tmdb_id, imdb_id = _ids(item)
        except ValueError:
            self.odd_count += 1
            self.first_odd = self.first_odd or self.item_count
            return
        if tmdb_id:
            self.tmdb_ids.add(tmdb_id)
        if imdb_id:
            self.imdb_ids.add(imdb_id)
            self.imdb_only_count += not tmdb_id


@dataclass(frozen=True, slots=True)
class Page:
    item_count: int
    page_count: int | None  # as the list says itself; None: it does not


def plain_imdb_id(text: str) -> str:
    """tt and at least seven digits, as IMDb writes it; "" for anything else."""
    found = _TCONST.fullmatch(text.strip())
    return f"tt{int(found[1]):07d}" if found and int(found[1]) else ""


def _parse(body: bytes) -> tuple[list[Any], int | None]:
    try:
        parsed = json.loads(body, object_hook=_shrunk)
    except (ValueError, RecursionError):
        raise BadList("is no whole JSON") from None
    if isinstance(parsed, list):
        return parsed, None
    items = parsed.get("result") if isinstance(parsed, dict) else None
    if not isinstance(items, list):
        raise BadList('is neither an array nor an object with "result"')
    pages = parsed.get("pages", 1)
    if type(pages) is not int or pages < 0:
        raise BadList('has "pages" that is no number')
    return items, pages


class _Named(NamedTuple):
    tmdb_id: Any
    imdb_id: Any


def _shrunk(item: dict[str, Any]) -> _Named | dict[str, Any]:
    """Of an item its two ids, as soon as it is read: a million whole ones fill the memory."""
    if "tmdb_id" in item or "imdb_id" in item:
        return item if "result" in item else _Named(item.get("tmdb_id"), item.get("imdb_id"))
    return item


def _ids(item: Any) -> tuple[int, str]:
    """0 and "" for an id that is not known. Raises ValueError for what is no item."""
    if isinstance(item, dict):
        if "tmdb_id" not in item and "imdb_id" not in item:
            raise ValueError
        item = _Named(item.get("tmdb_id"), item.get("imdb_id"))
    if isinstance(item, _Named):
        return _tmdb_id(item.tmdb_id), _imdb_id(item.imdb_id)
    if isinstance(item, str) and item.strip().startswith("tt"):
        return 0, _imdb_id(item)
    return _tmdb_id(item), ""


def _tmdb_id(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError
    if value in _NO_ID:
        return 0
    digits = value.strip() if isinstance(value, str) else str(value)
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 11 else 0
    if not 1 <= number <= LARGEST_ID:
        raise ValueError
    return number


def _imdb_id(value: Any) -> str:
    if value in _NO_ID:
        return ""
    found = plain_imdb_id(value) if isinstance(value, str) else ""
    if not found:
        raise ValueError
    return found
