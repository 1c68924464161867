"""What the page of one movie shows, in a fixed number of queries."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from popflix.lib.models import AuditEntry
from sync.availability.screens import of_movie
from sync.movies.field_words import BY_HAND, field_name
from sync.movies.models import ImdbConflict, Movie, MovieFetch
from sync.movies.screens.evidence import Evidence
from sync.movies.screens.shown import Shown
from sync.movies.screens.words import EDIT, PURGE, UNTIL

_ENTRIES = _CONFLICTS = 10
_DIGITS = 18


def context(request: HttpRequest, object_id: str) -> dict[str, Any]:
    """Empty where there is no such row: the page that follows says so."""
    movie = movie_of(object_id)
    if movie is None:
        return {}
    shown = Shown(movie)
    work = MovieFetch.objects.filter(media_type=movie.media_type, tmdb_id=movie.tmdb_id).first()
    conflicts = ImdbConflict.objects.filter(movie=movie).select_related("other_movie")
    return {
        "title": "Movie",
        "subtitle": shown.full_name,
        "shown": shown,
        "work": work,
        "watch": of_movie.context(request, movie),
        "evidence": Evidence(movie),
        "by_hand": [(name, field_name(name), hint) for name, (_, hint) in BY_HAND.items()],
        "until": UNTIL,
        "conflicts": list(conflicts.order_by("-found_at")[:_CONFLICTS]),
        "may_edit": request.user.has_perm(EDIT),
        "may_purge": request.user.has_perm(PURGE),
        "entries": _entries(request, shown.key),
    }


def movie_of(object_id: str) -> Movie | None:
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= _DIGITS):
        return None
    return Movie.objects.select_related("payload").filter(pk=int(object_id)).first()


def _entries(request: HttpRequest, target: str) -> list[AuditEntry]:
    if not request.user.has_perm("lib.view_auditentry"):
        return []
    return list(AuditEntry.objects.filter(target=target).order_by("-at")[:_ENTRIES])
