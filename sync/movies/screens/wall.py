"""A wall of posters, the most popular first: what a person sees at a glance is wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from popflix.console.doors import page, shown
from popflix.lib.admin import CappedPaginator
from sync.movies.models import MediaType
from sync.movies.screens.listing import popular_first
from sync.movies.screens.shown import Shown
from sync.movies.screens.words import VIEW

TILES = 60
_COLUMNS = ("media_type", "tmdb_id", "title", "year", "main_poster", "upstream_state",
            "excluded_at")  # fmt: skip


@page(VIEW)
def posters(request: HttpRequest) -> HttpResponseBase:
    """`?type=tv` for series; of the most popular, as many as a list pages to."""
    wanted = request.GET.get("type", "")
    media_type = wanted if wanted in MediaType.values else MediaType.MOVIE
    movies = popular_first(media_type).filter(popularity__isnull=False)
    movies = movies.order_by("-popularity", "-pk").only(*_COLUMNS)
    number = request.GET.get("p", "")
    paginator = CappedPaginator(movies, TILES)
    found = paginator.get_page(int(number) if _is_number(number) else 1)
    return shown(
        request, "sync/movies/wall.html", "Posters", page=found, media_type=media_type,
        tiles=[Shown(movie) for movie in found.object_list],
    )  # fmt: skip


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7
