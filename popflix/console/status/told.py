"""The areas as JSON, and as a table for a terminal. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from popflix.console.pieces.moments import lasted, relative
from popflix.console.status.reading import Found, LastRun
from popflix.console.tables import Table

_HEADINGS = ("Area", "What is held", "Due", "Since", "Left", "Oldest", "Newest", "Failures")
_LONGEST_ERROR = 60


def as_json(found: Sequence[Found], now: dt.datetime) -> dict[str, Any]:
    """The shape that docs/commands.md tells; instants as ISO 8601, null for none."""
    return {"at": now.isoformat(), "areas": [_area(each) for each in found]}


def _area(found: Found) -> dict[str, Any]:
    standing = found.standing
    return {
        "name": found.area.name,
        "title": found.area.title,
        "counts": dict(standing.counts),
        "due": standing.due_count,
        "due_since": _instant(standing.due_since),
        "oldest_at": _instant(standing.oldest_at),
        "newest_at": _instant(standing.newest_at),
        "failures": dict(standing.failures),
        "rate_per_second": standing.rate_per_second,
        "eta_seconds": standing.eta_seconds,
        "runs": [_run(each) for each in found.runs],
        "error": found.error,
    }


def _run(run: LastRun) -> dict[str, Any]:
    return {
        "run": run.run,
        "unit": run.unit,
        "status": run.status,
        "queued_at": _instant(run.queued_at),
        "started_at": _instant(run.started_at),
        "finished_at": _instant(run.finished_at),
        "done": run.done,
        "failed": run.failed,
        "error": run.error,
    }


def _instant(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at else None


def as_lines(
    found: Sequence[Found], now: dt.datetime, zone: dt.tzinfo, width: int
) -> Iterator[str]:
    """One table of the areas, one of the last runs, and what could not be counted."""
    rows = [_row(each, now, zone) for each in found if not each.error]
    yield from Table("Areas", _HEADINGS, rows).lines(width)
    runs = [_told(run, now, zone) for each in found for run in each.runs]
    if runs:
        yield ""
        headings = ("Run", "Unit", "Status", "When", "Done", "Failed", "")
        yield from Table("Last runs", headings, runs).lines(width)
    for each in found:
        if each.error:
            yield ""
            yield f"{each.area.title}: {each.error}"


def _row(found: Found, now: dt.datetime, zone: dt.tzinfo) -> tuple[str, ...]:
    standing = found.standing

    def ago(at: dt.datetime | None) -> str:
        return relative(at, now, zone) if at else "–"

    eta = standing.eta_seconds
    return (
        found.area.title,
        _words(standing.counts),
        f"{standing.due_count:,}",
        ago(standing.due_since),
        lasted(eta) if eta else "–",
        ago(standing.oldest_at),
        ago(standing.newest_at),
        _words(standing.failures, "–"),
    )


def _words(counts: Mapping[str, int], none: str = "nothing") -> str:
    """`12 live, 3 gone`; states that no row is in are left out."""
    return ", ".join(f"{count:,} {state}" for state, count in counts.items() if count) or none


def _told(run: LastRun, now: dt.datetime, zone: dt.tzinfo) -> tuple[str, ...]:
    when = run.finished_at or run.started_at or run.queued_at
    error = " ".join(run.error.split())
    return (
        str(run.run),
        run.unit,
        run.status,
        relative(when, now, zone),
        str(run.done),
        str(run.failed),
        f"{error[: _LONGEST_ERROR - 1]}…" if len(error) > _LONGEST_ERROR else error,
    )
