"""The matrix: what each provider says of each movie, the most popular first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, QueryDict

from popflix.console.doors import page, shown
from popflix.console.pieces import vocabulary
from sync.availability.models import Availability
from sync.availability.screens.columns import (
    MOST_COLUMNS,
    Column,
    asked_about,
    every_column,
    shown_columns,
)
from sync.availability.screens.looking import (
    NEVER,
    NOWHERE,
    STATES,
    Looked,
    Wanted,
    look,
    place_of,
)
from sync.availability.screens.shown import Shown
from sync.availability.screens.words import RECHECK, VIEW
from sync.movies.models import MediaType, Movie
from sync.movies.screens.shown import Shown as ShownMovie
from sync.movies.screens.words import SEARCH_HELP

PRESETS = (("", "All"), (NOWHERE, "Unavailable everywhere"), (NEVER, "Not checked anywhere"))
_MOST_TEXT = 100
_OF_MOVIE = ("media_type", "tmdb_id", "imdb_id", "title", "year")


@page(VIEW)
def matrix(request: HttpRequest) -> HttpResponseBase:
    columns = every_column()
    wanted = _wanted(request.GET, columns)
    provider = request.GET.get("provider", "")
    beside = shown_columns(columns, provider)
    looked = look(wanted, place_of(request.GET.get("after", "")))
    return shown(
        request, "sync/availability/matrix.html", "Matrix of availability",
        lines=_lines(looked.keys, beside), columns=beside, wanted=wanted, looked=looked,
        left_out=len(columns) - len(beside) if not _names(provider, columns) else 0,
        most_columns=MOST_COLUMNS, providers=list(dict.fromkeys(c.provider for c in columns)),
        provider=provider, every_column=columns, states=_states(), presets=_presets(request.GET),
        further=_further(request.GET, looked), is_behind="after" in request.GET,
        beginning=_address(request.GET, after=""), search_help=SEARCH_HELP,
        media_types=MediaType.choices, may_recheck=request.user.has_perm(RECHECK),
        is_credited=any(each.is_credited for each in beside),
        is_narrowed=bool(wanted.search or wanted.only or wanted.state or request.GET.get("type")),
    )  # fmt: skip


def _wanted(query: QueryDict, columns: Sequence[Column]) -> Wanted:
    """What cannot be meant narrows nothing."""
    chosen = {name: query.get(name, "")[:_MOST_TEXT] for name in ("type", "only", "state", "at")}
    at = next((each for each in columns if each.key == chosen["at"]), None)
    state = chosen["state"] if chosen["state"] in STATES else ""
    media_type = chosen["type"] if chosen["type"] in MediaType.values else MediaType.MOVIE.value
    return Wanted(
        media_type=media_type,
        search=query.get("q", "").replace("\0", "").strip()[:_MOST_TEXT],
        only=chosen["only"] if chosen["only"] in (NOWHERE, NEVER) else "",
        state=state,
        at=at or (columns[0] if state and columns else None),
        providers=asked_about(columns, media_type),
    )


def _lines(keys: Sequence[int], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Each movie with a cell in each column, None where there is no row; two queries."""
    movies = Movie.objects.only(*_OF_MOVIE).in_bulk(keys)
    rows = Availability.objects.filter(
        movie_id__in=keys, season=0, episode=0,
        provider_id__in={each.provider_id for each in columns},
        region__in={each.region for each in columns},
    ).select_related("provider").defer("offers", "document")  # fmt: skip
    found: dict[tuple[int, int | None, str], Availability]
    found = {(row.movie_id, row.provider_id, row.region): row for row in rows}
    lines = []
    for key in keys:
        cells = [found.get((key, each.provider_id, each.region)) for each in columns]
        pairs = zip(columns, cells, strict=True)
        lines.append({
            "movie": ShownMovie(movies[key]),
            "cells": [(column, row and Shown(row)) for column, row in pairs],
            "is_checked": any(row and row.last_checked for row in cells),
        })  # fmt: skip
    return lines


def _states() -> list[tuple[str, str]]:
    return [(word, vocabulary.state("availability", word).label) for word in STATES]


def _presets(query: QueryDict) -> list[tuple[str, str, bool]]:
    """Each with its address, its words, and whether it is the one shown."""
    now = query.get("only", "")
    return [
        (_address(query, only=name, state="", at="", after=""), words, now == name)
        for name, words in PRESETS
    ]


def _further(query: QueryDict, looked: Looked) -> str:
    return _address(query, after=str(looked.last)) if looked.last else ""


def _address(query: QueryDict, **changed: str) -> str:
    """This page's with other parts; what is empty is left out."""
    parts = {**{name: query.get(name, "") for name in query}, **changed}
    return f"?{urlencode({name: value for name, value in parts.items() if value})}"


def _names(provider: str, columns: Sequence[Column]) -> bool:
    return any(each.provider == provider for each in columns)
