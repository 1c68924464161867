"""Body of the unit `import-movies`: of files, or of ids that TMDB is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from popflix.engine.context import RunContext
from sync.movies.files import MANIFEST, count_bodies
from sync.movies.import_files import Bodies, ImportCounts, store_batch, written_at
from sync.movies.import_wish import ImportWish


def import_files(ctx: RunContext, wish: ImportWish) -> Mapping[str, object]:
    """A queue run hands over in time and goes on behind what it read, if the files are the same.

    Raises OperatorError where there is neither a folder nor a ZIP.
    """
    path = Path(wish.path)
    stamp, total = stamp_of(path), count_bodies(path)
    earlier = dict(ctx.earlier) if ctx.earlier.get("stamp") == stamp else {}
    counts = _counts_of(earlier)
    ctx.progress(done=counts.read, total=total)
    named = len(counts.named)
    bodies = Bodies(path, wish.media_type, written_at(path, ctx.now()))
    is_whole = True
    for batch in bodies.batches(skip=int(str(earlier.get("skip", 0)))):
        if ctx.should_stop():
            is_whole = False
            break
        store_batch(batch, counts, ctx.now(), ctx.commit)
        for each in counts.named[named:]:
            ctx.note(f"Skipped: {each['name']} {each['why']}.")
        named = len(counts.named)
    return {
        "path": wish.path, **counts.as_json(), "stopped": not is_whole, "stamp": stamp,
        "skip": counts.read,
    }  # fmt: skip


def stamp_of(path: Path) -> str:
    """Another one: what was read is not what is there now."""
    for each in (path / MANIFEST, path):
        if each.exists():
            told = each.stat()
            return f"{told.st_size} {told.st_mtime_ns}"
    return ""


def _counts_of(earlier: Mapping[str, object]) -> ImportCounts:
    known = {name: earlier[name] for name in ImportCounts.__dataclass_fields__ if name in earlier}
    return ImportCounts(**known)  # type: ignore[arg-type]  # as `as_json` told them
