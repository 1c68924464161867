"""The movies of the matrix, the most popular first, looked through so many at a time.

No index spans movies and what is known of them at several providers, and what a filter means may
be a handful among a million. So movies are read by the index of popularity and asked about by the
key of their rows, a window at a time; who wants to see more looks further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from sync.availability.finding import NOT_CHECKED
from sync.availability.models import Answer, Availability, Outcome
from sync.availability.screens.columns import Column
from sync.movies.models import MediaType, Movie
from sync.movies.screens.listing import MOST_FOUND, meant, popular_first

PER_PAGE = 25
WINDOW = 500
MOST_WINDOWS = 10
NOWHERE, NEVER = "nowhere", "never"  # unavailable everywhere; not checked anywhere
STATES = (Answer.AVAILABLE.value, Answer.UNAVAILABLE.value, Outcome.UNKNOWN.value, NOT_CHECKED)
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Wanted:
    """`only` is NOWHERE, NEVER or empty; `state` of STATES is asked of the column `at`."""

    media_type: str = MediaType.MOVIE
    search: str = ""
    only: str = ""
    state: str = ""
    at: Column | None = None
    providers: Sequence[int | None] = ()  # all there are: what *everywhere* means


@dataclass(frozen=True)
class Place:
    """Behind which movie a page begins; `popularity` None: among those without one."""

    popularity: float | None
    pk: int

    def __str__(self) -> str:
        return f"{'' if self.popularity is None else repr(self.popularity)}:{self.pk}"


@dataclass(frozen=True)
class Looked:
    """The keys that fit, of `count` movies looked through; `last` where there are more."""

    keys: list[int] = field(default_factory=list)
    count: int = 0
    last: Place | None = None


def place_of(text: str) -> Place | None:
    """What an address says; None of nonsense."""
    popularity, colon, pk = text.partition(":")
    if not (colon and pk.isascii() and pk.isdigit() and len(pk) <= _MOST_DIGITS):
        return None
    try:
        known = float(popularity) if popularity else None
    except ValueError:
        return None
    is_number = known is None or abs(known) < float("inf")
    return Place(known, int(pk)) if is_number else None


def look(wanted: Wanted, after: Place | None = None) -> Looked:
    """The first page of movies behind that place."""
    fits, window = _fits(wanted), WINDOW
    if fits is None:
        fits, window = set, PER_PAGE
    movies, found = _movies(wanted), list[int]()
    count = 0
    for _ in range(MOST_WINDOWS):
        places = _next(movies, after, window)
        fitting = fits([each.pk for each in places])
        for place in places:
            count, after = count + 1, place
            found += [place.pk] if place.pk in fitting else []
            if len(found) == PER_PAGE:
                is_end = place is places[-1] and len(places) < window
                return Looked(found, count, None if is_end else place)
        if len(places) < window:
            return Looked(found, count)
    return Looked(found, count, after)


def _next(movies: QuerySet[Any], after: Place | None, count: int) -> list[Place]:
    """By popularity, and behind these the movies that have none, the newest first."""
    found: list[Place] = []
    if after is None or after.popularity is not None:
        rated = movies.filter(popularity__isnull=False).order_by("-popularity", "-pk")
        if after is not None:
            least = Q(popularity__lt=after.popularity) | Q(pk__lt=after.pk)
            rated = rated.filter(least, popularity__lte=after.popularity)
        found = [Place(*row) for row in rated.values_list("popularity", "pk")[:count]]
        after = None
    if len(found) < count:
        others = movies.filter(popularity=None).order_by("-pk")
        others = others if after is None else others.filter(pk__lt=after.pk)
        keys = others.values_list("pk", flat=True)[: count - len(found)]
        found += [Place(None, key) for key in keys]
    return found


def _movies(wanted: Wanted) -> QuerySet[Any]:
    """Those that are checked at all: known to TMDB, and not excluded."""
    movies = popular_first(wanted.media_type, live_only=True)
    if not wanted.search:
        return movies
    named = Movie.objects.filter(meant(wanted.search)).order_by().values_list("pk", flat=True)
    return movies.filter(pk__in=list(named[:MOST_FOUND]))


# --- which of some movies a filter means ---------------------------------------------------------

Fits = Callable[[Sequence[int]], set[int]]


def _fits(wanted: Wanted) -> Fits | None:
    """None where every movie fits."""
    if wanted.only == NOWHERE:
        return lambda keys: _nowhere(keys, wanted.providers)
    if wanted.only == NEVER:
        return lambda keys: set(keys) - _of(keys, last_checked__isnull=False)
    at, state = wanted.at, wanted.state
    if at is None or not state:
        return None
    where = {"provider_id": at.provider_id, "region": at.region}
    if state == NOT_CHECKED:
        return lambda keys: set(keys) - _of(keys, **where, status__gt="")
    if state == Outcome.UNKNOWN:
        return lambda keys: _of(keys, **where, last_outcome=Outcome.UNKNOWN)
    return lambda keys: _of(keys, **where, status=state)


def _nowhere(keys: Sequence[int], providers: Sequence[int | None]) -> set[int]:
    """Each provider says so itself: of what one of them does not know nothing is claimed."""
    fitting = set(keys) if providers else set()
    for provider in providers:
        is_unavailable = {"provider_id": provider, "region": "", "status": Answer.UNAVAILABLE}
        fitting &= _of(sorted(fitting), **is_unavailable) if fitting else set()
    return fitting


def _of(keys: Sequence[int], **what: Any) -> set[int]:
    rows = Availability.objects.filter(movie_id__in=keys, season=0, episode=0, **what)
    return set(rows.order_by().values_list("movie_id", flat=True))
