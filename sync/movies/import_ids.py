"""Movies by their ids: fetched and stored in one go."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine.context import RunContext
from popflix.lib.errors import OperatorError
from sync.movies.crawl_wish import FetchWish
from sync.movies.excluding import excluded_keys
from sync.movies.fetching import fetching
from sync.movies.import_wish import ImportWish
from sync.movies.named import ask_for_named


def import_ids(ctx: RunContext, wish: ImportWish) -> Mapping[str, object]:
    """Ask TMDB about these ids before all other work. Raises OperatorError for excluded ones."""
    require_wanted(wish)
    with fetching(ctx, FetchWish()) as work:
        is_whole = work.fetch(only=ask_for_named(ctx, wish.ids_type, wish.tmdb_ids))
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
