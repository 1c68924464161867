"""Having TMDB asked soon about movies that an operator named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from popflix.engine.changes import whole
from popflix.engine.models import Lane
from popflix.engine.slots import Busy
from popflix.engine.starting import enqueue
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from sync.movies.campaign import REFRESH
from sync.movies.excluding import Actor, excluded_keys
from sync.movies.fetching import why_not_ready
from sync.movies.held import Key, ids_of
from sync.movies.import_wish import MOST_IDS, UNIT
from sync.movies.models import AskedBy
from sync.movies.work import ask_for


def refresh_now(
    keys: Sequence[Key], *, by: Actor, why: str, now: dt.datetime, action: str = "refresh movies"
) -> int:
    """Make these ids due before everything else; returns how many. Excluded ones stay as they
    are: raises OperatorError where nothing else is left."""
    unwanted = excluded_keys(keys)
    wanted = [key for key in keys if key not in unwanted]
    if not wanted:
        raise OperatorError("They are excluded, and not fetched.", "Restore them first.")
    whole(partial(_ask, wanted, by, why, now, action))
    return len(wanted)


def _ask(wanted: Sequence[Key], by: Actor, why: str, now: dt.datetime, action: str) -> None:
    held = ids_of(wanted)
    for media_type in sorted({key[0] for key in wanted}):
        movies = {key[1]: held.get(key) for key in wanted if key[0] == media_type}
        ask_for(
            media_type, movies, asked_by=AskedBy.OPERATOR, lane=Lane.OPERATOR, due_at=now,
            now=now, wake=True,
        )  # fmt: skip
    told = [f"{kind} {number}" for kind, number in wanted]
    target = told[0] if len(told) == 1 else f"{told[0]} … {told[-1]}"
    audit.record(by, action, at=now, target=target, count=len(told), why=why)


def wake_refresh(media_type: str, *, by: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """Have a refresh fetch what is due; tells in a sentence who does, or what is in the way."""
    unready = why_not_ready()
    if unready:
        return f"TMDB is not asked yet: {unready}"
    try:
        run = enqueue(REFRESH, {"media_type": media_type}, trigger="admin", by=by, clock=clock)
    except Busy as busy:
        runs = ", ".join(str(each.pk) for each in busy.holders)
        return f"They are due, and fetched by the runs {runs} or the next refresh."
    except OperatorError as held:
        return f"TMDB is not asked yet: {held.cause} {held.cure}"
    return f"Run {run.pk} asks TMDB."


def wake(keys: Sequence[Key], *, by: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """Tell in a sentence who asks TMDB about them, or what keeps it from being asked."""
    unready = why_not_ready()
    if unready:
        return f"TMDB is not asked yet: {unready}"
    started = []
    for media_type in sorted({key[0] for key in keys}):
        ids = [number for kind, number in keys if kind == media_type][:MOST_IDS]
        params = {"tmdb_ids": ids, "media_type": media_type}
        try:
            started.append(enqueue(UNIT, params, trigger="admin", by=by, clock=clock).pk)
        except Busy as busy:
            runs = ", ".join(str(each.pk) for each in busy.holders)
            return f"They are due, and fetched once one of the runs {runs} is done."
        except OperatorError as held:
            return f"TMDB is not asked yet: {held.cause} {held.cure}"
    runs = ", ".join(map(str, started))
    return f"Runs {runs} ask TMDB." if len(started) > 1 else f"Run {runs} asks TMDB."
