"""What `import_imdb` says: to the operator in lines, to scripts as one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import Report, StopRequest
from popflix.lib.progress import Reporter
from sync.links.import_file import FileCounts
from sync.links.import_titles import ImportRequest, ImportResult, import_titles

_HOW_TO_GO_ON = (
    "Stopped between two batches; what was read is kept. "
    "Run the same command again: rows that are there are only compared."
)
_MOST_TYPES_TOLD = 20


def import_here(
    request: ImportRequest, *, stop: StopRequest, say: Callable[[str], None], reporter: Reporter
) -> Report:
    """Import in this process and say what came of it. Raises what `import_titles` raises."""
    result = import_titles(request, stop=stop, reporter=reporter, clock=SYSTEM_CLOCK)
    for line in lines(result, dry_run=request.dry_run):
        say(line)
    data = as_object(result, dry_run=request.dry_run)
    if not result.stopped:
        return Report(data)
    return Report(data, stopped_by=stop.signal_number, how_to_go_on=_HOW_TO_GO_ON)


def lines(result: ImportResult, *, dry_run: bool) -> list[str]:
    files = [each for each in (result.titles, result.ratings) if each is not None]
    told = [line for each in files for line in _file_lines(each)]
    if any(each.quarantined for each in files) and not dry_run:
        told.append("The admin lists what is in quarantine, each row with its reason.")
    if result.work_added is not None:
        told.append(f"{result.work_added:,} titles are new work for sync_tmdb.")
    if dry_run:
        told.append("Dry run: nothing was written.")
    return told


def _file_lines(counts: FileCounts) -> list[str]:
    loaded = counts.loaded
    told = [
        f"{counts.file}: {counts.rows:,} rows in {counts.seconds:.1f} s "
        f"({counts.rows_per_second:,.0f} rows/s, {counts.way})",
        f"  {loaded.inserted:,} inserted, {loaded.updated:,} updated, "
        f"{loaded.unchanged:,} unchanged, {counts.quarantined:,} quarantined",
    ]
    if loaded.orphans:
        told.append(f"  {loaded.orphans:,} of titles that are not held")
    if counts.skipped:
        common = counts.skipped.most_common(_MOST_TYPES_TOLD)
        told.append(f"  skipped: {', '.join(f'{name} {count:,}' for name, count in common)}")
    return told


def as_object(result: ImportResult, *, dry_run: bool) -> Mapping[str, object]:
    """The object of --json: the titles' counts, `ratings` with the same keys or null,
    `work_added` (titles that are new work for sync_tmdb; null in a dry run or when stopped).
    """
    titles = _file_object(result.titles)
    ratings = None if result.ratings is None else _file_object(result.ratings)
    return {
        **titles,
        "ratings": ratings,
        "work_added": result.work_added,
        "dry_run": dry_run,
        "stopped": result.stopped,
    }


def _file_object(counts: FileCounts) -> dict[str, object]:
    """`orphans` are ratings of titles that are not held; all counts add up to `rows`."""
    return {
        "file": counts.file,
        "rows": counts.rows,
        "inserted": counts.loaded.inserted,
        "updated": counts.loaded.updated,
        "unchanged": counts.loaded.unchanged,
        "orphans": counts.loaded.orphans,
        "quarantined": counts.quarantined,
        "skipped": dict(counts.skipped),
        "seconds": round(counts.seconds, 3),
        "rows_per_second": round(counts.rows_per_second),
        "way": counts.way,
    }
