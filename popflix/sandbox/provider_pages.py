"""The pages and lists of the invented provider."""

from __future__ import annotations

import re
from typing import Any

from popflix.sandbox.answers import HTML, NOT_FOUND, Answer, encode
from popflix.sandbox.movies import Film
from popflix.sandbox.provider_truth import AVAILABLE_CONTROLS, Truth

MARK = 'id="player"'  # stands in the page of what is there, and in no other
_PAGE_LENGTH = 100
_LISTED = re.compile(r"list/(movie|tv)s(?:/page-(\d{1,6}))?\.json")
_NUMBER_UNKNOWN = 7  # one entry in so many has an IMDb id alone


def _page(status: int, title: str, inside: str) -> Answer:
    body = f"<!doctype html><html><head><title>{title}</title></head><body>{inside}</body></html>"
    return Answer(status, body.encode(), content_type=HTML)


def player(name: str) -> Answer:
    """`name` is of digits, letters and dashes."""
    return _page(200, "Watch", f'<div {MARK} data-id="{name}"></div>')


MISSING = _page(404, "Not found", "<h1>There is no such title</h1>")
SOFT_404 = _page(200, "Not found", "<h1>We could not find that one</h1>")
WALL = _page(403, "Just a moment", "<p>Prove that you are a person.</p>")
SOFT_WALL = _page(200, "Just a moment", "<p>Prove that you are a person.</p>")
LOGIN = _page(200, "Log in", '<form><input name="name"><input type="password"></form>')
TOO_MANY = _page(429, "Too many requests", "<p>Slow down.</p>")
WRONG_METHOD = _page(405, "Method not allowed", "")
MOVED = _page(302, "Found", "")


def listed(path: str, truth: Truth, *, is_empty: bool = False) -> Answer:
    """The whole list as a bare array, or a page of it with the number of pages.

    As in real ones, ids are strings, and a few are "-1" or null.
    """
    match = _LISTED.fullmatch(path)
    if match is None:
        return NOT_FOUND
    items = [] if is_empty else _items(match[1], truth)
    if match[2] is None:
        return Answer(200, encode(items))
    pages = -(-len(items) // _PAGE_LENGTH)
    number = int(match[2])
    if number < 1 or number > max(pages, 1):
        return NOT_FOUND
    page = items[(number - 1) * _PAGE_LENGTH : number * _PAGE_LENGTH]
    return Answer(200, encode({"result": page, "pages": pages}))


def _items(media_type: str, truth: Truth) -> list[dict[str, Any]]:
    shared = truth.shared_imdb_ids(media_type)
    items = [{"imdb_id": None, "tmdb_id": str(number)} for number in AVAILABLE_CONTROLS]
    items += [_item(film, shared) for film in truth.available(media_type)]
    items += [{"imdb_id": None, "tmdb_id": "-1"}, {"imdb_id": "", "tmdb_id": None}]
    return items


def _item(film: Film, shared: set[str]) -> dict[str, Any]:
    is_unknown = film.index % _NUMBER_UNKNOWN == 0
    if is_unknown and film.imdb_id and film.imdb_id not in shared:
        number = None if film.index % 2 else "-1"
        return {"imdb_id": film.imdb_id, "tmdb_id": number, "title": film.name}
    imdb_id = None if film.imdb_id in shared else film.imdb_id
    return {"imdb_id": imdb_id, "tmdb_id": str(film.tmdb_id), "title": film.name}
