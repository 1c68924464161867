"""What `manage.py delete_movie` and `restore_movie` do, and how they tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report
from popflix.lib.people import os_user
from sync.movies.excluding import exclude_movies, excluded_keys, restore_movies
from sync.movies.fetch_wish import require_ids
from sync.movies.held import marks_of

Say = Callable[[str], None]


def delete_here(
    given: Sequence[str],
    media_type: str,
    *,
    why: str,
    purge: bool,
    dry_run: bool,
    say: Say,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Raises OperatorError without a reason, for what is no id, and where none is held."""
    keys = [(media_type, number) for number in require_ids(given)]
    told = {"purge": purge, "dry_run": dry_run}
    if dry_run:
        count = len(marks_of(keys)) - (0 if purge else len(excluded_keys(keys)))
        say(f"{count:,} would be {'purged' if purge else 'excluded'}.")
        return Report({"movies": count, **told})
    count = exclude_movies(keys, by=os_user(), why=why, now=clock.now(), purge=purge)
    kept = "nothing but their ids is kept" if purge else "restore_movie brings them back"
    say(f"{'Purged' if purge else 'Excluded'}: {count:,}; no crawl asks for them, {kept}.")
    return Report({"movies": count, **told})


def restore_here(
    given: Sequence[str],
    media_type: str,
    *,
    why: str,
    dry_run: bool,
    say: Say,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Raises OperatorError without a reason, for what is no id, and where none is excluded."""
    keys = [(media_type, number) for number in require_ids(given)]
    if dry_run:
        count = len(excluded_keys(keys))
        say(f"{count:,} would be restored, and those that were purged fetched anew.")
        return Report({"movies": count, "dry_run": True})
    count = restore_movies(keys, by=os_user(), why=why, now=clock.now())
    say(f"Restored: {count:,}; the next refresh fetches them first.")
    return Report({"movies": count, "dry_run": False})
