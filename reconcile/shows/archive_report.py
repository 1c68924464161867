"""What `archive_shows` says: to the operator in lines, to scripts as one object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from popflix.engine.at_hand import run_at_hand
from popflix.engine.progress import Progress
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import UsageError
from popflix.lib.people import os_user
from popflix.lib.progress import Reporter
from reconcile.shows.archive_wish import DAYS, UNIT, days_of, into
from reconcile.shows.archiving import count_old
from reconcile.shows.restoring import Restored, restore
from sync.links.outcome import ending_of, figures_of

_GO_ON = "Nothing is lost; run the same command again: it finishes what was begun."
_NONE = "Dry run: nothing was written."
Say = Callable[[str], None]


@dataclass(frozen=True)
class ArchiveRequest:
    """What the command was given: to archive, or to `restore` a file."""

    older_than: str | None = None
    to: str | None = None
    restore: str | None = None
    dry_run: bool = False


def perform(
    request: ArchiveRequest,
    *,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Raises Busy, Paused and OperatorError."""
    if request.restore is not None:
        if request.older_than is not None or request.to is not None:
            raise UsageError(
                "--restore goes with neither --older-than nor --to.", "Give one or the other."
            )
        return _restore(request, stop, say, reporter, clock)
    days = DAYS if request.older_than is None else days_of(request.older_than)
    if request.dry_run:
        count = count_old(days, clock.now())
        say(f"{count:,} shows are older than {days} days and in no feed.")
        say(_NONE)
        return Report(_archived({"archived": count, "stayed": 0, "files": []}, None, True))
    return _archive(request, days, stop, say, reporter, clock)


def _archive(
    request: ArchiveRequest, days: int, stop: StopRequest, say: Say, reporter: Reporter,
    clock: Clock,
) -> Report:  # fmt: skip
    params = {"older_than_days": days, "by": os_user()}
    with into(Path(request.to).resolve() if request.to else None):
        outcome = run_at_hand(
            UNIT, params, stop=stop, reporter=reporter, of_what="old shows", clock=clock
        )
    told = figures_of(outcome, _GO_ON)
    say(f"Archived {told['archived']:,} shows older than {days} days.")
    for name in told["files"]:
        say(f"  {name}")
    if told["stayed"]:
        say(f"{told['stayed']:,} stay in master: they were changed while they were archived.")
    return ending_of(outcome, _archived(told, told["run"], False), say, _GO_ON)


def _archived(told: dict[str, Any], run: int | None, dry_run: bool) -> dict[str, object]:
    kept = {name: told[name] for name in ("archived", "stayed", "files")}
    return {**kept, "dry_run": dry_run, "run": run}


def _restore(
    request: ArchiveRequest, stop: StopRequest, say: Say, reporter: Reporter, clock: Clock
) -> Report:
    path = Path(str(request.restore))
    try:
        found = restore(
            path, by=os_user(), now=clock.now(), dry_run=request.dry_run,
            must_stop=lambda: bool(stop), progress=Progress(reporter, "shows").progress,
        )  # fmt: skip
    finally:
        reporter.close()
    for line in _restored_lines(path, found, request.dry_run):
        say(line)
    data = {
        "file": str(path), "rows": found.rows, "restored": found.restored,
        "skipped": dict(found.skipped), "dry_run": request.dry_run,
    }  # fmt: skip
    signal = stop.signal_number if found.is_stopped else None
    return Report(data, stopped_by=signal, how_to_go_on=_GO_ON)


def _restored_lines(path: Path, found: Restored, dry_run: bool) -> list[str]:
    did = "Would restore" if dry_run else "Restored"
    said = [f"{did} {found.restored:,} of {found.rows:,} shows from {path.name}."]
    said += [f"Skipped {count:,}: {reason}." for reason, count in sorted(found.skipped.items())]
    return [*said, _NONE] if dry_run else said
