"""Locks of movies among all the locks there are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from popflix.lib.models import FieldLock
from sync.movies.by_hand import free_fields
from sync.movies.field_words import TOGETHER, field_name
from sync.movies.models import Movie
from sync.movies.outcomes import LOCKED_TABLE

MOVIES_TABLE = LOCKED_TABLE
_LEADING = {field: name for name, fields in TOGETHER.items() for field in fields}


def movie_link(row: str) -> SafeString:
    """To the page of the movie whose field is locked."""
    return format_html(
        '<a href="{}">movie {}</a>', reverse("admin:sync_movie_change", args=[row]), row
    )


def movie_word(field: str) -> str:
    return field_name(_LEADING.get(field, field))


def unlock_movies(locks: QuerySet[FieldLock], by: Any, why: str, now: dt.datetime) -> int:
    """Give the fields of these locks back to the sources; returns how many locks that were."""
    chosen = locks.filter(table=MOVIES_TABLE).order_by("pk").values_list("row", "field")
    by_row: dict[str, list[str]] = {}
    for row, field in chosen:
        by_row.setdefault(row, []).append(field)
    count = 0
    for row, fields in by_row.items():
        movie = Movie.objects.filter(pk=int(row)).first() if row.isdecimal() else None
        if movie is not None:
            names = sorted({_LEADING[field] for field in fields if field in _LEADING})
            free_fields((movie.media_type, movie.tmdb_id), names, by=by, why=why, now=now)
            count += len(fields)
    return count
