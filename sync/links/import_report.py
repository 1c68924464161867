"""What `import_imdb` says: to the operator in lines, to scripts as one object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from popflix.engine.at_hand import run_at_hand
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import Report, StopRequest
from popflix.lib.progress import Reporter
from sync.links.import_file import FileCounts
from sync.links.import_titles import ImportRequest, ImportResult, import_titles
from sync.links.import_wish import ALL, UNIT, read_here
from sync.links.outcome import ending_of, figures_of

_HOW_TO_GO_ON = (
    "Stopped between two batches; what was read is kept. "
    "Run the same command again: rows that are there are only compared."
)
_MOST_TYPES_TOLD = 20
Say = Callable[[str], None]


def import_here(
    request: ImportRequest, *, stop: StopRequest, say: Say, reporter: Reporter
) -> Report:
    """Import in this process, as a run, and say what came of it.

    Raises Busy, Paused, and what `import_titles` raises.
    """
    with read_here(request.where, request.ratings) as places:
        types = ALL if request.types is None else list(request.types)
        params = {**places, "types": types, "batch_size": request.batch_size}
        outcome = run_at_hand(UNIT, params, stop=stop, reporter=reporter, of_what="IMDb's files")
    told = figures_of(outcome, _HOW_TO_GO_ON)
    del told["reached"]
    return ending_of(outcome, _said(told, say), say, _HOW_TO_GO_ON)


def dry_run(request: ImportRequest, *, stop: StopRequest, say: Say, reporter: Reporter) -> Report:
    """Read, check and count; write nothing, not even a run. Raises what `import_titles` raises."""
    result = import_titles(request, stop=stop, reporter=reporter, clock=SYSTEM_CLOCK)
    told = {**as_object(result, dry_run=True), "run": None}
    report = Report(_said(told, say))
    if not result.stopped:
        return report
    return Report(report.data, stopped_by=stop.signal_number, how_to_go_on=_HOW_TO_GO_ON)


def _said(told: dict[str, Any], say: Say) -> dict[str, Any]:
    for line in lines(told):
        say(line)
    return told


def lines(told: Mapping[str, Any]) -> list[str]:
    """What the object of --json says, for people."""
    files = [each for each in (told, told["ratings"]) if each is not None]
    said = [line for each in files for line in _file_lines(each)]
    if any(each["quarantined"] for each in files) and not told["dry_run"]:
        said.append("The admin lists what is in quarantine, each row with its reason.")
    if told["work_added"] is not None:
        said.append(f"{told['work_added']:,} titles are new work for sync_tmdb.")
    if told["dry_run"]:
        said.append("Dry run: nothing was written.")
    return said


def _file_lines(told: Mapping[str, Any]) -> list[str]:
    said = [
        f"{told['file']}: {told['rows']:,} rows in {told['seconds']:.1f} s "
        f"({told['rows_per_second']:,} rows/s, {told['way']})",
        f"  {told['inserted']:,} inserted, {told['updated']:,} updated, "
        f"{told['unchanged']:,} unchanged, {told['quarantined']:,} quarantined",
    ]
    if told["orphans"]:
        said.append(f"  {told['orphans']:,} of titles that are not held")
    if told["skipped"]:
        common = Counter(told["skipped"]).most_common(_MOST_TYPES_TOLD)
        said.append(f"  skipped: {', '.join(f'{name} {count:,}' for name, count in common)}")
    return said


def as_object(result: ImportResult, *, dry_run: bool) -> Mapping[str, object]:
    """The object of --json but for `run`: the titles' counts, `ratings` with the same keys or
    null, `work_added` (titles that are new work for sync_tmdb; null in a dry run or when stopped).
    """
    titles = _file_object(result.titles)
    ratings = None if result.ratings is None else _file_object(result.ratings)
    return {
        **titles,
        "ratings": ratings,
        "work_added": None if result.stopped else result.work_added,
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
