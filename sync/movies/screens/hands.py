"""What is done to the fields of a movie by hand, each a POST; all of it asks why."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpRequest

from popflix.console.doors import action
from popflix.lib.admin import why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.models import LockMode
from sync.movies.by_hand import (
    Kept,
    free_fields,
    keep_fields,
    named,
    replay_movie,
    write_field,
)
from sync.movies.field_words import TOGETHER, field_name
from sync.movies.held import Key
from sync.movies.screens.page import movie_of
from sync.movies.screens.words import EDIT

_YEARS = range(1970, 2200)


@action(EDIT)
def lock(request: HttpRequest, object_id: str) -> str:
    """Raises OperatorError where no field, no end or no reason is given."""
    key, names, why = _key(object_id), _ticked(request), _why(request)
    mode = request.POST.get("until_when", "")
    until = _midnight(request.POST.get("until", "")) if mode == LockMode.DATE else None
    now = SYSTEM_CLOCK.now()
    keep_fields(key, names, keep=Kept(mode, until), by=request.user, why=why, now=now)
    return f"Locked: {named(names)}. Sources leave {'it' if len(names) == 1 else 'them'} alone."


@action(EDIT)
def unlock(request: HttpRequest, object_id: str) -> str:
    key, names, why = _key(object_id), _ticked(request), _why(request)
    freed = free_fields(key, names, by=request.user, why=why, now=SYSTEM_CLOCK.now())
    if not freed:
        return "Nothing of these was locked or written by hand."
    return f"The sources' again: {named(freed)}. What TMDB said last was taken."


@action(EDIT)
def write(request: HttpRequest, object_id: str) -> str:
    key, why, name = _key(object_id), _why(request), request.POST.get("field", "")
    if name not in TOGETHER:
        raise OperatorError("No field was chosen.", "Choose the one that is meant.")
    text = request.POST.get("value", "").replace("\0", "")
    moved = write_field(key, name, text, by=request.user, why=why, now=SYSTEM_CLOCK.now())
    if not moved:
        return f"The {field_name(name)} says so already, by an operator's hand."
    return f"The {field_name(name)} is stored. No source outdoes it until it is unlocked."


@action(EDIT)
def replay(request: HttpRequest, object_id: str) -> str:
    moved = replay_movie(
        _key(object_id), by=request.user, why=why_said(request), now=SYSTEM_CLOCK.now()
    )
    return f"Replayed; changed: {', '.join(moved) or 'nothing'}."


def _key(object_id: str) -> Key:
    movie = movie_of(object_id)
    if movie is None:
        raise Http404("There is no such movie.")
    return movie.media_type, movie.tmdb_id


def _ticked(request: HttpRequest) -> list[str]:
    names = [name for name in TOGETHER if name in request.POST.getlist("field")]
    if not names:
        raise OperatorError("No field was chosen.", "Tick the fields that are meant.")
    return names


def _why(request: HttpRequest) -> str:
    why = why_said(request)
    if not why:
        raise OperatorError("Nobody said why.", "Say it, for the audit trail.")
    return why


def _midnight(written: str) -> dt.datetime | None:
    """As the day begins in UTC; None where it is no date."""
    try:
        day = dt.date.fromisoformat(written)
    except ValueError:
        return None
    return dt.datetime.combine(day, dt.time(), dt.UTC) if day.year in _YEARS else None
