"""Looking through the staged programme for what cannot be: a unit, after loading and reconciling.

    newest load → cinemas in batches → `impossible` → ProgrammeWarning (each cinema's replaced)

It only tells. It does not keep a feed from being loaded meanwhile: that load is looked through
by itself, and what an earlier one left here is replaced then.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Sum

from popflix.engine.context import RunContext
from popflix.lib.errors import OperatorError
from reconcile.changes.finding.scope import Scope, loaded_sources, newest_load, scope_of
from reconcile.changes.judging.wish import clean_moment
from reconcile.changes.models import ProgrammeWarning
from reconcile.changes.policy import impossible
from reconcile.changes.policy.impossible import Impossible
from reconcile.changes.programme.hours import hours_of
from reconcile.changes.types import Row
from reconcile.feed.models import Load, LoadSlice
from reconcile.feed.words import is_active
from reconcile.shows.models import SyncShow

UNIT = "check-programme"
ROWS_AT_ONCE = 5_000
MOST_CINEMAS = 200  # in a statement
MOST_OF_CINEMA = 100  # a feed that is wrong throughout is told by some of it
_RUNNING = dt.timedelta(hours=6)  # shows that began may still collide with those to come
_COLUMNS = (
    "cinema_id", "pk", "movie_id", "screen_name", "show_time", "title", "length", "is_active",
)  # fmt: skip


@dataclass
class Checked:
    """How far a load was looked through: its cinemas up to `after`; None: none yet."""

    load: int
    rows: int = 0
    warnings: int = 0
    after: int | None = None
    is_whole: bool = False


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form: `now`, as of when shows are to come. Raises OperatorError."""
    unknown = sorted(set(params) - {"now"})
    if unknown:
        raise OperatorError(f"There is no parameter {unknown[0]}.", "Known is now.")
    return {"now": clean_moment(params.get("now"))}


def check_programme(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit: each source's newest load that was not looked through yet.

    Returns `sources` by name, and how many `warnings` these have in all.
    """
    given = ctx.params.get("now")
    now = dt.datetime.fromisoformat(str(given)) if given else ctx.now()
    earlier: Mapping[str, Any] = ctx.earlier.get("sources") or {}  # type: ignore[assignment]
    done = {name: Checked(**each) for name, each in earlier.items()}
    for source in loaded_sources():
        load = newest_load(source)
        if load is None or load.checked_at is not None:
            continue
        if source not in done or done[source].load != load.pk:
            done[source] = Checked(load.pk)
        _check(ctx, scope_of(load, now), done[source])
        if ctx.should_stop():
            break
    sources = {name: asdict(each) for name, each in done.items()}
    return {"sources": sources, "warnings": sum(each.warnings for each in done.values())}


def _check(ctx: RunContext, scope: Scope, done: Checked) -> None:
    for cinemas in _batches(scope, done.after):
        rows = _staged(scope, cinemas)
        found = _found(scope, cinemas, rows)
        _replace(ctx, scope, cinemas, found)
        done.rows += sum(map(len, rows.values()))
        done.warnings += len(found)
        done.after = cinemas[-1]
        ctx.progress(done=done.rows)
        if ctx.should_stop():
            return
    Load.objects.filter(pk=scope.load.pk, checked_at=None).update(checked_at=ctx.now())
    done.is_whole = True


def _batches(scope: Scope, after: int | None) -> Iterator[list[int]]:
    """All cinemas of the source, those without a show too, by how many rows they have staged."""
    slices = LoadSlice.objects.filter(load=scope.load, day__gte=(scope.now - _RUNNING).date())
    sizes = dict(slices.order_by().values_list("cinema_id").annotate(Sum("rows")))
    some: list[int] = []
    size = 0
    for pk in sorted(pk for pk in scope.zones if after is None or pk > after):
        rows = sizes.get(pk, 0)
        if some and (size + rows > ROWS_AT_ONCE or len(some) == MOST_CINEMAS):
            yield some
            some, size = [], 0
        some.append(pk)
        size += rows
    if some:
        yield some


def _staged(scope: Scope, cinemas: Sequence[int]) -> Mapping[int, list[Row]]:
    """Shows to come, and those that may still be on, with what the policy needs of them."""
    shows = SyncShow.objects.filter(
        cinema_id__in=list(cinemas), show_time__gte=scope.now - _RUNNING
    )
    found: dict[int, list[Row]] = defaultdict(list)
    for cinema_id, pk, movie, screen, at, title, length, active in shows.values_list(*_COLUMNS):
        row = Row(pk, movie, cinema_id, screen, at, title, length=length, is_active=active)
        found[cinema_id].append(row)
    return found


def _found(
    scope: Scope, cinemas: Sequence[int], rows: Mapping[int, list[Row]]
) -> list[ProgrammeWarning]:
    zones = {pk: scope.zones[pk] for pk in cinemas if rows.get(pk)}
    hours = hours_of(zones, scope.now) if zones else {}
    lengths = _lengths(rows)
    found = []
    for pk, zone in zones.items():
        at = {row.id: row.show_time for row in rows[pk]}
        told = impossible.warnings(rows[pk], zone, is_active, lengths, hours[pk])
        to_come = [each for each in told if at[each.row_ids[-1]] >= scope.now]
        found += [
            ProgrammeWarning(
                source=scope.source, load_id=scope.load.pk, cinema_id=pk,
                day=scope.day_of(pk, at[each.row_ids[-1]]), kind=each.kind.value,
                words=each.words, sync_ids=list(each.row_ids),
            )
            for each in _some(to_come)
        ]  # fmt: skip
    return found


def _some(told: Sequence[Impossible]) -> Sequence[Impossible]:
    """The first of too many, the last of which says how many more there are."""
    more = len(told) - MOST_OF_CINEMA
    if more <= 0:
        return told
    last = told[MOST_OF_CINEMA - 1]
    kinds = Counter(each.kind for each in told[MOST_OF_CINEMA:])
    counts = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    words = f"{last.words}. This cinema has {more:,} more: {counts}"
    return [*told[: MOST_OF_CINEMA - 1], Impossible(last.kind, last.row_ids, words)]


def _lengths(rows: Mapping[int, list[Row]]) -> dict[str, int]:
    """Of films, for shows that tell none; the shortest that is told, so that none is made up."""
    found: dict[str, int] = {}
    for each in rows.values():
        for row in each:
            if row.length is not None and row.length > 0:
                found[row.movie_id] = min(row.length, found.get(row.movie_id, row.length))
    return found


def _replace(
    ctx: RunContext, scope: Scope, cinemas: Sequence[int], found: Sequence[ProgrammeWarning]
) -> None:
    old = ProgrammeWarning.objects.filter(cinema_id__in=list(cinemas))
    if not found and not old.exists():
        return
    with ctx.commit():
        if _is_newest(scope.load):  # else what its own check finds stands here by now
            now = ctx.now()
            for each in found:
                each.found_at = now
            old.delete()
            ProgrammeWarning.objects.bulk_create(found, batch_size=500)


def _is_newest(load: Load) -> bool:
    newest = newest_load(load.source)
    return newest is not None and newest.pk == load.pk
