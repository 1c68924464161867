"""What `manage.py fetch_movies` does: ask TMDB, keep the bodies in a folder, tell how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import EXIT_ERROR, OperatorError
from popflix.lib.http import Refused
from popflix.lib.progress import Reporter
from sync.movies.body_folder import BodyFolder
from sync.movies.fetch_folder import MOST_NAMED, FolderCounts, FolderFetch
from sync.movies.fetch_wish import require_ids
from sync.movies.files import MANIFEST
from sync.tmdb import key
from sync.tmdb.catalogue import build_catalogue
from sync.tmdb.client import tmdb_limiter

_GO_ON = "What came is in the folder; the same command asks for the rest."
Say = Callable[[str], None]


def fetch_here(
    given: Sequence[str],
    file: Path | None,
    folder: Path,
    media_type: str,
    *,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Raises OperatorError where an id is none, the key is refused or the folder cannot be."""
    ids = require_ids(given, file)
    client = build_catalogue(tmdb_limiter(clock), clock)
    try:
        with BodyFolder(folder) as into:
            work = FolderFetch(client, into, media_type, stop=stop, reporter=reporter, clock=clock)
            counts = work.run(ids)
    except Refused as refused:
        told = key.refused(str(refused))
        raise OperatorError(told.cause, told.cure) from None
    finally:
        reporter.close()
        client.close()
    return _report(counts, folder, client.request_count, stop, say)


def plan_fetch(
    given: Sequence[str], file: Path | None, folder: Path, media_type: str, *, say: Say
) -> Report:
    """How many would be asked for; makes nothing, not even the folder."""
    ids, held = require_ids(given, file), 0
    if (folder / MANIFEST).exists():
        with BodyFolder(folder) as into:
            held = sum(into.holds_whole(media_type, number) for number in ids)
    counts = FolderCounts(asked=len(ids), held=held)
    say(f"{len(ids) - held:,} of {len(ids):,} records would be asked for; {held:,} are there.")
    return Report(_as_json(counts, folder, 0, dry_run=True))


def _report(
    counts: FolderCounts, folder: Path, requests: int, stop: StopRequest, say: Say
) -> Report:
    say(
        f"{counts.written:,} written to {folder}, {counts.held:,} were there, "
        f"{len(counts.gone):,} unknown to TMDB, {len(counts.failed):,} failed."
    )
    for number, why in list(counts.failed.items())[:MOST_NAMED]:
        say(f"{number}: {why}")
    data = _as_json(counts, folder, requests, dry_run=False)
    if not counts.is_whole:
        return Report(data, stopped_by=stop.signal_number, how_to_go_on=_GO_ON)
    return Report(data, EXIT_ERROR if counts.failed else 0)


def _as_json(
    counts: FolderCounts, folder: Path, requests: int, *, dry_run: bool
) -> dict[str, object]:
    return {
        "folder": str(folder),
        "asked": counts.asked,
        "written": counts.written,
        "held": counts.held,
        "gone": counts.gone,
        "failed": {str(number): why for number, why in counts.failed.items()},
        "requests": requests,
        "stopped": not counts.is_whole,
        "dry_run": dry_run,
    }
