"""How much of the wanted titles has its links: measured now and then, never in a page.

Counting reads both tables once, a range of keys at a time, each range a query of its own: no long
transaction, and a run that must stop does so between two ranges.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Subquery

from popflix.engine.context import RunContext
from popflix.engine.deadletters.order import UNIT as RETRY_LETTERS
from popflix.engine.models import Run
from popflix.lib.batches import chunk
from popflix.lib.models import AuditEntry
from sync.links import campaign, import_wish, retry_matching
from sync.links.models import Coverage, MediaLinks, ProcessedStatus, Title
from sync.links.trend import thinned_out

UNIT = "measure-coverage"
_TITLES_A_RANGE = 50_000
_ENOUGH = dt.timedelta(minutes=1)  # between two measurements at the ends of runs
_FEW_TITLES = 100_000  # are counted in no time, as often as anybody likes
_ROWS_A_COMMIT = 500
# Units whose runs change titles
_CHANGERS = (campaign.UNIT, import_wish.UNIT, retry_matching.UNIT, RETRY_LETTERS)
# What operators do to titles, beside what is called "… media links"
_OTHER_ACTS = (
    "choose TMDB record",
    "mend quarantined row",
    "replay quarantined row",
    "replay quarantined rows",
)
_SLOTS = 2  # how many runs of any of them are active at once


@dataclass(frozen=True)
class Figures:
    """Counts of titles; the names are columns of Coverage."""

    title_count: int = 0
    answered_count: int = 0
    poster_count: int = 0
    trailer_count: int = 0
    failed_count: int = 0
    pending_count: int = 0


def measure(
    title_types: Collection[str], *, stop: Callable[[], bool] = lambda: False
) -> Figures | None:
    """Count the titles of these types; None where `stop` said so between two ranges."""
    sums: Counter[str] = Counter()
    for keys in _ranges():
        if stop():
            return None
        sums.update(_counted(keys, list(title_types)))
    counts = {name: sums[name] for name in ("title_count", *_LINKS)}
    settled = sums["answered_count"] + sums["failed_count"]
    return Figures(**counts, pending_count=max(0, sums["title_count"] - settled))


_LINKS = {  # of the links of titles; posters and trailers that were found count, asked or adopted
    "answered_count": Q(processed_status=ProcessedStatus.SUCCESS),
    "poster_count": Q(poster_url__gt=""),
    "trailer_count": Q(trailer_embed_url__gt=""),
    "failed_count": Q(processed_status=ProcessedStatus.FAILED),
}


def _counted(keys: Q, title_types: list[str]) -> Mapping[str, int]:
    """Of one range. Usually it holds no other types, and as many links as titles: then the links
    need no look at the titles, which would cost several times as much."""
    wanted = Count("pk", filter=Q(title_type__in=title_types))
    titles = Title.objects.filter(keys).aggregate(held=Count("pk"), title_count=wanted)
    held, links = titles.pop("held"), MediaLinks.objects.filter(keys)
    counts = {name: Count("pk", filter=condition) for name, condition in _LINKS.items()}
    if held == titles["title_count"]:
        found = links.aggregate(rows=Count("pk"), **counts)
        if found.pop("rows") == held:
            return {**titles, **found}
    of_titles = links.filter(title__title_type__in=title_types)
    return {**titles, **of_titles.aggregate(**counts)}


def _ranges() -> Iterator[Q]:
    """Ranges of titles' keys, one behind the other; the last one is open."""
    first: str = ""
    while True:
        behind = Q(pk__gt=first)
        keys = Title.objects.filter(behind).order_by("pk").values_list("pk", flat=True)
        last = next(iter(keys[_TITLES_A_RANGE - 1 : _TITLES_A_RANGE]), None)
        if last is None:
            yield behind
            return
        yield behind & Q(pk__lte=last)
        first = last


# --- keeping ------------------------------------------------------------------------------------


def measure_now(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit: measure, keep the figures, forget what nobody needs any more."""
    figures = _measured(ctx)
    if figures is None:
        return {}
    old = thinned_out(
        Coverage.objects.order_by("measured_at").values_list("measured_at", flat=True), ctx.now()
    )
    for some in chunk(old, _ROWS_A_COMMIT):
        with ctx.commit():
            Coverage.objects.filter(measured_at__in=some).delete()
    return {**asdict(figures), "forgotten": len(old)}


def measure_after(ctx: RunContext, *, has_changed: bool) -> None:
    """At the end of a run, if it changed titles: so that what it did is seen at once.

    Left to the timetable where the titles are many and were counted just now, and where the run
    is to stop or to go on later.
    """
    if ctx.should_stop() or ctx.parking is not None:
        return
    last = newest()
    if last is None or (has_changed and not _is_fresh(last, ctx.now())):
        _measured(ctx)


def _is_fresh(last: Coverage, now: dt.datetime) -> bool:
    return last.title_count > _FEW_TITLES and now - last.measured_at < _ENOUGH


def newest() -> Coverage | None:
    return Coverage.objects.order_by("-measured_at").first()


def _measured(ctx: RunContext) -> Figures | None:
    ctx.flush()  # progress that were stored later would look like news
    began = ctx.now()
    figures = measure(settings.POPFLIX_TITLE_TYPES, stop=ctx.should_stop)
    if figures is not None:
        with ctx.commit():
            # What changed while it was counted may be missing: then it is measured again.
            at = began if _has_anything_changed(began, but=ctx.run_id) else ctx.now()
            # Two runs may end in the same instant: either tells the same.
            Coverage.objects.update_or_create(measured_at=at, defaults=asdict(figures))
    return figures


# --- whether to measure -------------------------------------------------------------------------


def why_not_ready() -> str:
    """Why no schedule should measure now; empty where something may have changed.

    Asked by each look at the units: a few rows of an index each.
    """
    last = newest()
    if last is None:
        return "" if Title.objects.exists() else "TitleBasics holds no titles."
    if _has_anything_changed(last.measured_at):
        return ""
    return "Nothing has changed since the last measurement."


def _has_anything_changed(since: dt.datetime, *, but: int | None = None) -> bool:
    return _have_runs_moved(since, but) or _have_people_acted(since)


def _have_runs_moved(since: dt.datetime, but: int | None) -> bool:
    """Whether a run that changes titles got any further; one that found nothing to do did not."""
    runs = Run.objects.filter(unit__in=_CHANGERS, done_count__gt=0, progressed_at__gt=since)
    moved = runs if but is None else runs.exclude(pk=but)
    if moved.filter(active_key__gt="").exists():  # by the index, which IS NOT NULL is not
        return True
    return moved.filter(pk__in=_newest_runs()).exists()


def _newest_runs() -> list[Any]:
    """Of each unit as many as may be active at once: one walk down an index for each."""
    moved = Run.objects.filter(finished_at__isnull=False, done_count__gt=0).order_by("-pk")
    found: list[Any] = [
        Subquery(moved.filter(unit=unit).values("pk")[nth : nth + 1])
        for unit in _CHANGERS
        for nth in range(_SLOTS)
    ]
    # MariaDB takes a LIMIT in a list of subqueries, not in one alone; no run has the number 0.
    return [*found, 0]


def _have_people_acted(since: dt.datetime) -> bool:
    acts = Q(action__endswith="media links") | Q(action__in=_OTHER_ACTS)
    return AuditEntry.objects.filter(acts, at__gt=since).exists()
