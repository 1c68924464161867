"""Ids that somebody named: asked about before all other work, and once, however often a run of
the same order was killed or broke on the way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q

from popflix.engine.context import RunContext
from popflix.engine.models import Lane, Run, RunStatus
from sync.movies.due import GONE_DAYS
from sync.movies.held import ids_of, of_keys
from sync.movies.models import AskedBy, MovieFetch
from sync.movies.verdict import NOT_FOUND
from sync.movies.work import ask_for

# An order that is given again later than that wants everything anew.
_ONE_ORDER = dt.timedelta(hours=1)
_MOST_RUNS = 100


def ask_for_named(ctx: RunContext, media_type: str, ids: Sequence[int]) -> list[int]:
    """The work rows of the ids; those that were not answered yet are due at once."""
    keys = [(media_type, number) for number in ids]
    if not ctx.earlier:  # parked before, they were asked for before
        now, held = ctx.now(), ids_of(keys)
        answered = _answered_since(media_type, ids, _first_given(ctx))
        movies = {number: held.get((media_type, number)) for number in ids}
        with ctx.commit():
            ask_for(
                media_type, {number: movies[number] for number in ids if number not in answered},
                asked_by=AskedBy.OPERATOR, lane=Lane.OPERATOR, due_at=now, now=now, wake=True,
            )  # fmt: skip
    rows = of_keys(MovieFetch.objects.all(), keys)
    return [pk for some in rows for pk in some.values_list("pk", flat=True)]


def _first_given(ctx: RunContext) -> dt.datetime:
    """When the first run of the same order was queued that no completed one came after."""
    own = Run.objects.get(pk=ctx.run_id)
    since = own.queued_at
    before = Run.objects.filter(unit=own.unit, pk__lt=own.pk, queued_at__gt=since - _ONE_ORDER)
    for run in before.only("params", "status", "queued_at").order_by("-pk")[:_MOST_RUNS]:
        if run.params == own.params:
            if run.status == RunStatus.COMPLETED:
                break
            since = run.queued_at
    return since


def _answered_since(media_type: str, ids: Sequence[int], since: dt.datetime) -> set[int]:
    """Also those that TMDB does not know: when they are due again tells when it said so."""
    again = since + dt.timedelta(days=GONE_DAYS)
    answered = Q(movie__fetched_at__gte=since) | Q(failure_kind=NOT_FOUND, due_at__gte=again)
    rows = of_keys(MovieFetch.objects.filter(answered), [(media_type, number) for number in ids])
    return {number for some in rows for number in some.values_list("tmdb_id", flat=True)}
