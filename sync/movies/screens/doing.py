"""What is done on these pages: each a POST with a permission, audited, told in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from popflix.console.doors import action
from popflix.lib.admin import why_given, why_said
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from sync.movies.excluding import exclude_movies, restore_movies
from sync.movies.fetch_wish import ids_of
from sync.movies.held import Key
from sync.movies.import_wish import MOST_IDS
from sync.movies.models import MediaType
from sync.movies.screens.page import movie_of
from sync.movies.screens.words import ADD, EDIT, PURGE
from sync.movies.waking import refresh_now, wake


@action(EDIT)
def refresh(request: HttpRequest, object_id: str) -> str:
    key, name = _named(object_id)
    refresh_now([key], by=request.user, why=why_given(request), now=SYSTEM_CLOCK.now())
    return f"{name} is due now. {woken(request, [key])}"


@action(EDIT)
def exclude(request: HttpRequest, object_id: str) -> str:
    key, name = _named(object_id)
    exclude_movies([key], by=request.user, why=why_said(request), now=SYSTEM_CLOCK.now())
    return f"{name} is hidden, and no crawl asks for it."


@action(EDIT)
def restore(request: HttpRequest, object_id: str) -> str:
    key, name = _named(object_id)
    restore_movies([key], by=request.user, why=why_said(request), now=SYSTEM_CLOCK.now())
    return f"{name} is back. {woken(request, [key])}"


@action(PURGE)
def purge(request: HttpRequest, object_id: str) -> HttpResponse | str:
    """Leads to the list: the page it came from is gone."""
    key, name = _named(object_id)
    exclude_movies(
        [key], by=request.user, why=why_said(request), now=SYSTEM_CLOCK.now(), purge=True
    )
    return _listed(request, f"{name} is removed; no crawl asks for {key[0]} {key[1]} again.")


@action(ADD)
def import_ids(request: HttpRequest) -> str:
    """Raises OperatorError for what is no id."""
    given = request.POST.get("ids", "").replace(",", " ").split()
    media_type = request.POST.get("media_type", "movie")
    if media_type not in MediaType.values:
        raise OperatorError("That is no media type.", "Choose movie or tv.")
    ids = ids_of(given[: MOST_IDS + 1])
    if not ids or len(ids) > MOST_IDS:
        raise OperatorError(
            "No id is named." if not ids else f"More than {MOST_IDS:,} ids are too many to name.",
            "Give TMDB's ids, or fetch_movies --ids-file them and import the folder.",
        )
    keys = [(media_type, number) for number in ids]
    refresh_now(
        keys, by=request.user, why=why_given(request), now=SYSTEM_CLOCK.now(),
        action="import movies",
    )  # fmt: skip
    return f"Asked for: {len(keys):,}. {woken(request, keys)}"


def woken(request: HttpRequest, keys: Sequence[Key]) -> str:
    return wake(keys, by=request.user.get_username())


def _named(object_id: str) -> tuple[Key, str]:
    movie = movie_of(object_id)
    if movie is None:
        raise Http404("There is no such movie.")
    return (movie.media_type, movie.tmdb_id), movie.title or f"{movie.media_type} {movie.tmdb_id}"


def _listed(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect(reverse("admin:sync_movie_changelist"))
