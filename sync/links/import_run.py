"""The import as a unit: the same steps for the command and for the queue.

A queue run hands over in time; what it read so far is stored with it, and it goes on from there.
After a crash it begins again behind the last hand-over: rows that are there are only compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from popflix.engine.context import RunContext
from popflix.lib.bulk import Loaded
from sync.links.import_file import FileCounts
from sync.links.import_report import as_object
from sync.links.import_titles import ImportResult, import_titles
from sync.links.import_wish import ImportWish


def import_imdb(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit; returns the object of --json, and `reached` for the claim that goes on.

    Raises OperatorError where a file is not IMDb's or breaks off.
    """
    earlier = _result_of(ctx.earlier) if ctx.earlier else None
    result = import_titles(
        ImportWish(**ctx.params).request(),  # type: ignore[arg-type]  # cleaned when stored
        stop=_ShouldStop(ctx),
        reporter=_RunReporter(ctx, earlier),
        clock=ctx.clock,
        earlier=earlier,
    )
    return {**as_object(result, dry_run=False), "reached": _reached(result)}


def _reached(result: ImportResult) -> dict[str, Any]:
    """What the object of --json does not tell, though the import that goes on needs it."""
    files = {"titles": result.titles, "ratings": result.ratings}
    told: dict[str, Any] = {
        name: None if counts is None else {"size": counts.size, "is_whole": counts.is_whole}
        for name, counts in files.items()
    }
    return told | {"work_added": result.work_added}


def _result_of(stored: Mapping[str, Any]) -> ImportResult:
    """The result that `import_imdb` returned when the run was parked."""
    reached, ratings = stored["reached"], stored["ratings"]
    return ImportResult(
        _counts_of(stored, reached["titles"]),
        None if ratings is None else _counts_of(ratings, reached["ratings"]),
        reached["work_added"],
        stopped=True,
    )


def _counts_of(told: Mapping[str, Any], reached: Mapping[str, Any]) -> FileCounts:
    loaded = Loaded(told["inserted"], told["updated"], told["unchanged"], told["orphans"])
    return FileCounts(
        told["file"],
        told["rows"],
        loaded,
        told["quarantined"],
        Counter(told["skipped"]),
        told["way"],
        told["seconds"],
        reached["size"],
        reached["is_whole"],
    )


class _ShouldStop:
    def __init__(self, ctx: RunContext) -> None:
        self._ctx = ctx

    def __bool__(self) -> bool:
        return self._ctx.should_stop()


class _RunReporter:
    """Tells the run how far the files are, one after the other; a stretch never counts back."""

    def __init__(self, ctx: RunContext, earlier: ImportResult | None) -> None:
        self._ctx = ctx
        whole = earlier is not None and earlier.titles.is_whole
        self._before = (earlier.titles.steps or earlier.titles.rows) if earlier and whole else 0
        self._done = 0
        self._most = 0

    def start(self, total: int | None, label: str) -> None:
        self._before, self._done = self._before + self._done, 0
        self._ctx.progress(total=None if total is None else self._before + total)

    def advance(self, done: int, ok: int = 0, failed: int = 0, note: str = "") -> None:
        self._done += done
        self._most = max(self._most, self._before + self._done)
        self._ctx.progress(done=self._most)

    def line(self, text: str) -> None:
        self._ctx.note(text)

    def close(self) -> None:
        """The next file goes on counting."""
