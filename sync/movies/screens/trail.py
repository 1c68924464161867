"""Where a movie that the audit trail names is looked at."""

from __future__ import annotations

import re

from django.urls import reverse

from popflix.console.trail import targets

_MOVIE = re.compile(r"(?:movie|tv) (\d{1,9})(?: at \S+)?", re.ASCII)


def page_of(target: str) -> str:
    """The list, narrowed to what has this number at TMDB, hidden or not: nobody asks a database
    for the key of each row of a page."""
    found = _MOVIE.fullmatch(target)
    return f"{reverse('admin:sync_movie_changelist')}?q={found[1]}&excluded=all" if found else ""


targets.register("movies", page_of)
