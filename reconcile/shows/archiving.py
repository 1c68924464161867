"""Old shows out of master into files: written whole first, removed then.

    old_ids → lines → <name>.part → <name>.deleting → rows removed → <name>

Killed before the second name there is nothing but a part, which is thrown away; killed after it
the next run goes on removing what that file has. A row that is not as it was written stays.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count as count_from
from itertools import islice
from pathlib import Path

from popflix.engine.context import RunContext
from popflix.engine.lookout import StopReason
from popflix.lib import audit
from popflix.lib.batches import chunk
from popflix.lib.errors import ConfigurationError
from popflix.lib.folders import ensure_folder
from popflix.lib.locks import again_when_locked
from popflix.lib.models import AuditEntry
from reconcile.changes.approval.wanting import APPROVE, asked_by
from reconcile.shows.archive_choice import old_ids, still_unstaged
from reconcile.shows.archive_file import PART, check, move, read, write
from reconcile.shows.archive_rows import COLUMNS, ROWS, forget, lines_of
from reconcile.shows.archive_wish import folder
from reconcile.shows.models import MasterShow

DELETING = ".deleting"
ACTION = "archive shows"
_CHUNKS = 100  # of a file: 50,000 rows, soon written, for a worker has two minutes
_NAMES = "shows-before-*.jsonl.gz"
Counts = tuple[int, int]  # rows that are gone, and that stay


@dataclass
class Archived:
    """`archived` rows lie in `files` and no more in master; `stayed` are there as before."""

    archived: int = 0
    stayed: int = 0
    files: list[str] = field(default_factory=list)


def archive_shows(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit; goes on where an earlier claim or a killed run stopped."""
    found = Archived(**ctx.earlier)  # type: ignore[arg-type]  # as it was returned
    days = int(str(ctx.params["older_than_days"]))
    by = asked_by(ctx, APPROVE, str(ctx.params["by"])) or ctx.unit
    where = _folder()
    for part in where.glob(_NAMES + DELETING + PART):
        part.unlink(missing_ok=True)
    for path in sorted(where.glob(_NAMES + DELETING)):
        _remove(ctx, path, by, found)
    before = ctx.now() - dt.timedelta(days=days)
    chunks = old_ids(before)
    while not ctx.should_stop():
        path = _new_path(where, before, ctx.now())
        rows = _lines(ctx, islice(chunks, _CHUNKS))
        try:
            if not write(path, COLUMNS, ctx.now().isoformat(), rows):
                break
        except _Stopped:
            break
        _remove(ctx, path, by, found)
    return asdict(found)


def count_old(older_than_days: int, now: dt.datetime) -> int:
    """How many would be archived."""
    return sum(map(len, old_ids(now - dt.timedelta(days=older_than_days))))


class _Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """The file that is being written is given up."""


def _lines(ctx: RunContext, chunks: Iterator[list[int]]) -> Iterator[str]:
    """Only between two files is it another run's turn: a part of a file is worth nothing."""
    for ids in chunks:
        if ctx.should_stop() and ctx.stop_reason is not StopReason.YIELD:
            raise _Stopped
        found = lines_of(ids)
        yield from (found[pk] for pk in ids if pk in found)


def _remove(ctx: RunContext, path: Path, by: str, found: Archived) -> None:
    """Take out of master what the file has, and give it its last name.

    Stopped in between it keeps the name by which the next run finds it.
    """
    done = path.with_name(path.name.removesuffix(DELETING))
    count = check(path)  # nothing is removed for a file that cannot be read back
    stayed = 0
    for lines in chunk(read(path), ROWS):
        if ctx.should_stop():
            return
        told = partial(_audit_once, by, done.name, count, ctx)
        gone, stay = again_when_locked(partial(_remove_some, ctx, lines, told))
        found.archived, stayed = found.archived + gone, stayed + stay
        ctx.progress(done=found.archived)
    move(path, done)
    found.stayed += stayed
    found.files.append(str(done))
    if stayed:
        ctx.note(f"{stayed:,} shows of {done.name} were changed since, and stay in master.")


def _remove_some(ctx: RunContext, lines: Sequence[str], tell: Callable[[], None]) -> Counts:
    """One commit: of these rows those go that are as they were written, and not staged again."""
    written = {int(json.loads(text)["id"]): text for text in lines}
    ids = sorted(written)
    with ctx.commit():
        tell()
        there = MasterShow.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        present = list(there.values_list("pk", flat=True))
        now = lines_of(present)
        unstaged = still_unstaged(present)
        same = [pk for pk in present if now.get(pk) == written[pk] and pk in unstaged]
        forget(same)
    return len(same), len(present) - len(same)


def _audit_once(by: str, name: str, count: int, ctx: RunContext) -> None:
    """However often its removal was taken up again."""
    if not AuditEntry.objects.filter(target=name, action=ACTION).exists():
        why = f"older than {ctx.params['older_than_days']} days"
        audit.record(by, ACTION, at=ctx.now(), target=name, count=count, why=why)


def _folder() -> Path:
    where = folder()
    try:
        return ensure_folder(where)
    except ConfigurationError as error:
        raise ConfigurationError(
            error.cause, "Make it writable, or set POPFLIX_ARCHIVE to a folder that is."
        ) from None


def _new_path(where: Path, before: dt.datetime, now: dt.datetime) -> Path:
    """Of a name that no file has, done or not."""
    for number in count_from(1):
        more = f"-{number}" if number > 1 else ""
        name = f"shows-before-{before:%Y-%m-%d}.{now:%Y%m%dT%H%M%SZ}{more}.jsonl.gz"
        path = where / (name + DELETING)
        if not path.exists() and not (where / name).exists():
            return path
    raise AssertionError("numbers do not end")
