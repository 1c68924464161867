"""What `manage.py import_movies` does: import here, or count what would be, and tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from popflix.engine.at_hand import run_at_hand
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import UsageError
from popflix.lib.progress import Reporter
from sync.links.outcome import ending_of, figures_of
from sync.movies.files import count_bodies
from sync.movies.import_files import Bodies, ImportCounts, plan_batch, written_at
from sync.movies.import_ids import require_wanted
from sync.movies.import_wish import UNIT, ImportWish, clean_params
from sync.tmdb import key

_GO_ON = "What was read is kept; the same command goes on, and touches what is there already."
_TOLD = 20
Say = Callable[[str], None]


def params_of(path: Path | None, ids: Sequence[str], media_type: str | None) -> dict[str, object]:
    """The unit's parameters of the command's. Raises OperatorError, UsageError among it."""
    if (path is None) == (not ids):
        raise UsageError(
            "An import is of a folder or a ZIP, or of ids.", "Name DIR|ZIP, or --tmdb-id."
        )
    place = str(path.resolve()) if path else ""
    return clean_params({"path": place, "tmdb_ids": list(ids), "media_type": media_type or ""})


def import_here(
    params: Mapping[str, object],
    *,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Raises OperatorError, Busy and Paused among it."""
    with key.refusal_told(UNIT):
        outcome = run_at_hand(
            UNIT, params, stop=stop, reporter=reporter, of_what="movies", clock=clock
        )
    told = figures_of(outcome, _GO_ON)
    data = {name: told[name] for name in told if name not in ("stamp", "skip")} | {
        "dry_run": False
    }
    for line in lines(data):
        say(line)
    return ending_of(outcome, data, say, _GO_ON)


def dry_run(
    params: Mapping[str, object], *, stop: StopRequest, say: Say, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """Read and compare; write nothing and ask nothing."""
    wish = ImportWish(**params)  # type: ignore[arg-type]  # cleaned
    if wish.tmdb_ids:
        require_wanted(wish)
        say(f"TMDB would be asked about {len(wish.tmdb_ids):,} ids.")
        return Report({"tmdb_ids": wish.tmdb_ids, "run": None, "stopped": False, "dry_run": True})
    path, counts, now = Path(wish.path), ImportCounts(), clock.now()
    say(f"Reading {count_bodies(path):,} bodies; nothing is written.")
    for batch in Bodies(path, wish.media_type, written_at(path, now)).batches():
        if stop:
            break
        plan_batch(batch, counts, now)
    data = {
        "path": wish.path, **counts.as_json(), "run": None, "stopped": bool(stop), "dry_run": True,
    }  # fmt: skip
    for line in lines(data):
        say(line)
    return Report(data, stopped_by=stop.signal_number, how_to_go_on=_GO_ON)


def lines(told: Mapping[str, Any]) -> list[str]:
    if "fetched" in told:
        return [f"Fetched {told['fetched']:,}, failed {told['failed']:,}."]
    names = ("inserted", "updated", "unchanged", "older", "excluded", "damaged")
    counted = ", ".join(f"{told[name]:,} {name}" for name in names)
    said = [f"Read {told['read']:,}: {counted}; {told['conflicts']:,} new conflicts of IMDb ids."]
    said += [f"Skipped: {each['name']} {each['why']}." for each in told["named"][:_TOLD]]
    more = told["damaged"] - min(_TOLD, len(told["named"]))
    return [*said, f"… and {more:,} more."] if more > 0 else said
