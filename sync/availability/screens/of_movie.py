"""Where one movie can be watched: a section of its page, in one query more."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sync.availability.models import Availability
from sync.availability.screens.shown import Shown
from sync.availability.screens.words import RECHECK, VIEW
from sync.movies.models import Movie

_MOST_ROWS = 300


def context(request: HttpRequest, movie: Movie) -> dict[str, Any]:
    """Empty for who may not see it."""
    if not request.user.has_perm(VIEW):
        return {}
    rows = Availability.objects.filter(movie=movie, season=0, episode=0)
    rows = rows.select_related("provider").order_by("provider__name", "region").defer("document")
    found = list(rows[:_MOST_ROWS])
    for each in found:
        each.movie = movie
    shown = [Shown(each) for each in found]
    return {
        "answers": shown,
        "is_credited": any(each.is_credited for each in shown),
        "may_recheck": request.user.has_perm(RECHECK) and not movie.excluded_at,
        "was_checked": any(each.row.last_checked for each in shown),
    }
