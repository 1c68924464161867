"""What other rooms and apps ask of the work on movies: that some go first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import partial

from django.db.models import Q

from popflix.engine.changes import whole
from popflix.engine.models import Lane
from popflix.lib.batches import chunk
from sync.availability.models import Availability
from sync.availability.types import ANYWHERE
from sync.movies.models import MovieFetch

_KEYS_A_STATEMENT = 1000


def raise_for(movie_ids: Collection[int], now: dt.datetime) -> int:
    """Put the waiting work of these movies into the lane of shows on sale.

    When it is due stays as it is, and so does what is more urgent already, being worked on, or
    given up. Settling the work takes it out of the lane again: whoever has a movie on sale says so
    anew. Returns how many rows were raised; two statements a thousand movies.
    """
    return sum(
        whole(partial(_raise, some, now)) for some in chunk(sorted(movie_ids), _KEYS_A_STATEMENT)
    )


def _raise(movie_ids: list[int], now: dt.datetime) -> int:
    # A lease that has run out is nobody's; what is given up has no `due_at`.
    free = Q(lease_token="") | Q(due_at__lte=now)
    waiting = free & Q(lane__gt=Lane.ON_SALE, due_at__isnull=False, movie_id__in=movie_ids)
    checks = Availability.objects.filter(waiting, region=ANYWHERE)
    fetches = MovieFetch.objects.filter(waiting)
    return checks.update(lane=Lane.ON_SALE) + fetches.update(lane=Lane.ON_SALE)
