"""What is done on these pages: each a POST with a permission, audited, told in a sentence."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from popflix.console.doors import action
from popflix.lib.admin import why_given
from sync.availability import recheck_movie as of_movie
from sync.availability.recheck import recheck_told
from sync.availability.screens.page import row_of
from sync.availability.screens.shown import Shown
from sync.availability.screens.words import RECHECK
from sync.movies.screens.page import movie_of
from sync.movies.screens.shown import Shown as ShownMovie


@action(RECHECK)
def recheck_one(request: HttpRequest, object_id: str) -> str:
    row = row_of(object_id)
    if row is None:
        raise Http404("There is no such row of availability.")
    _, told = recheck_told(request.user, [row.pk], why_given(request))
    return f"{Shown(row).full_name} is checked next. {' '.join(told)}"


@action(RECHECK)
def recheck_movie(request: HttpRequest, movie_id: str) -> str:
    """At every provider, also those that were never asked about it."""
    movie = movie_of(movie_id)
    if movie is None:
        raise Http404("There is no such movie.")
    told = of_movie.recheck_movie(request.user, movie, why_given(request))
    return f"{ShownMovie(movie).full_name} is checked next. {' '.join(told)}"
