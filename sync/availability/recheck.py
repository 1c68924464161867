"""Having availability checked again at once, because an operator wants it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from popflix.engine.changes import whole
from popflix.engine.registry import registry
from popflix.engine.slots import Busy
from popflix.engine.starting import enqueue
from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from sync.availability.models import Availability, Provider
from sync.availability.rows import checked_rows
from sync.availability.types import unit_name
from sync.availability.wanted import wanted_now
from sync.availability.wish import MOST_MOVIES
from sync.movies.models import Movie

PERMISSION = "sync.recheck_availability"
ACTION = "check availability again"
MOST = 1000  # rows at once; more go through `recheck_matching`
Actor = AbstractBaseUser | AnonymousUser | str
Ids = QuerySet[Availability] | Iterable[int]
Places = dict[int, set[int]]  # by provider the movies


def recheck(user: Actor, those: Ids, why: str, clock: Clock = SYSTEM_CLOCK) -> int:
    """Make these rows due before all others and have their providers asked; returns how many.

    Of a region's row it is the movie's own row at that provider that is checked. What is being
    checked this moment stays so. Raises PermissionDenied, and OperatorError without a reason or
    where there is nothing to check.
    """
    return recheck_told(user, those, why, clock)[0]


def recheck_told(
    user: Actor, those: Ids, why: str, clock: Clock = SYSTEM_CLOCK
) -> tuple[int, list[str]]:
    """`recheck`, and in sentences who asks each provider, or why it is not asked yet."""
    require_may(user)
    why = require_why(why)
    places = _places(those)
    if not places:
        raise OperatorError("There is nothing to check again.", "Choose rows that are there.")
    now = clock.now()
    count = whole(partial(_recheck, user, places, why, now))
    return count, wake(places, by=_name(user), clock=clock)


def require_may(user: Actor) -> None:
    """The machine and commands act under a name; accounts need the permission."""
    if not isinstance(user, str) and not user.has_perm(PERMISSION):  # type: ignore[union-attr]
        raise PermissionDenied


def require_why(why: str) -> str:
    if not why.strip():
        raise OperatorError("A check by hand needs a reason.", "Say why, for whoever finds it.")
    return why.strip()


def wake(places: Places, *, by: str, clock: Clock = SYSTEM_CLOCK) -> list[str]:
    """Tell in sentences who asks the providers, or what keeps them from being asked."""
    names = dict(Provider.objects.filter(pk__in=places).values_list("pk", "name"))
    return [_wake(names[pk], movies, by, clock) for pk, movies in sorted(places.items())]


def _wake(name: str, movies: Collection[int], by: str, clock: Clock) -> str:
    unit = unit_name(name)
    if registry.find(unit) is None:
        return f"{name} is not asked: POPFLIX_PROVIDERS names it no longer."
    few = sorted(movies) if len(movies) <= MOST_MOVIES else []
    try:
        run = enqueue(unit, {"movie_ids": few}, trigger="admin", by=by, clock=clock)
    except Busy as busy:
        runs = ", ".join(str(each.pk) for each in busy.holders)
        return f"Run {runs} asks {name}."
    except OperatorError as held:
        return f"{name} is not asked yet: {held.cause} {held.cure}"
    return f"Run {run.pk} asks {name}."


def _recheck(user: Actor, places: Places, why: str, now: dt.datetime) -> int:
    count = 0
    for provider, movies in sorted(places.items()):
        for some in chunk(sorted(movies), MOST):
            rows = checked_rows(provider).filter(movie_id__in=some)
            wanted_now(rows, now)
            count += rows.count()
    audit.record(user, ACTION, at=now, target=_target(places), count=count, why=why)
    return count


def _places(those: Ids) -> Places:
    rows = those if isinstance(those, QuerySet) else _of_ids(those)
    places: Places = {}
    pairs = rows.order_by().values_list("provider_id", "movie_id").distinct()
    for provider, movie in pairs[: MOST + 1]:
        places.setdefault(provider, set()).add(movie)
    if sum(map(len, places.values())) > MOST:
        raise OperatorError(
            f"More than {MOST:,} are chosen.", "Narrow the list, and check all that match."
        )
    return places


def _of_ids(ids: Iterable[int]) -> QuerySet[Availability]:
    wanted: list[Any] = list(ids)
    return Availability.objects.filter(pk__in=wanted)


def target_of(movie: Movie, provider: str) -> str:
    """How the audit trail names one movie at one provider: by TMDB's number, as everywhere."""
    return f"{movie.media_type} {movie.tmdb_id} at {provider}"


def _target(places: Places) -> str:
    names = dict(Provider.objects.filter(pk__in=places).values_list("pk", "name"))
    told = [f"{names[pk]}: {len(movies)} movies" for pk, movies in sorted(places.items())]
    if len(places) == 1:
        ((pk, movies),) = places.items()
        if len(movies) == 1:
            return target_of(Movie.objects.get(pk=min(movies)), names[pk])
    return ", ".join(told)


def _name(user: Actor) -> str:
    return user if isinstance(user, str) else user.get_username()
