"""Movies by their ids: fetched and stored in one go."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine.context import RunContext
from popflix.engine.models import Lane
from popflix.lib.errors import OperatorError
from sync.movies.crawl_wish import FetchWish
from sync.movies.excluding import excluded_keys
from sync.movies.fetching import fetching
from sync.movies.held import ids_of, of_keys
from sync.movies.import_wish import ImportWish
from sync.movies.models import AskedBy, MovieFetch
from sync.movies.work import ask_for


def import_ids(ctx: RunContext, wish: ImportWish) -> Mapping[str, object]:
    """Ask TMDB about these ids before all other work. Raises OperatorError for excluded ones."""
    keys = [(wish.ids_type, number) for number in wish.tmdb_ids]
    require_wanted(wish)
    with fetching(ctx, FetchWish()) as work:
        if not ctx.earlier:  # parked before, they were asked for before
            now, held = ctx.now(), ids_of(keys)
            movies = {number: held.get((wish.ids_type, number)) for number in wish.tmdb_ids}
            with ctx.commit():
                ask_for(
                    wish.ids_type, movies, asked_by=AskedBy.OPERATOR, lane=Lane.OPERATOR,
                    due_at=now, now=now, wake=True,
                )  # fmt: skip
        rows = of_keys(MovieFetch.objects.all(), keys)
        is_whole = work.fetch(
            only=[pk for some in rows for pk in some.values_list("pk", flat=True)]
        )
        return {"tmdb_ids": list(wish.tmdb_ids), **work.totals(), "stopped": not is_whole}


def require_wanted(wish: ImportWish) -> None:
    """Raises OperatorError where an operator excluded one of the ids."""
    unwanted = excluded_keys((wish.ids_type, number) for number in wish.tmdb_ids)
    if unwanted:
        kind, number = min(unwanted)
        raise OperatorError(
            f"{kind} {number} is excluded.",
            f"Bring it back: python manage.py restore_movie {number} --why ….",
        )
