"""Checking again all that a filter of the list matches: the unit `recheck-availability`.

Page by page in the order of their ids, each in one commit with the place it ended at. A run that
goes on after a crash begins behind that place, so that nothing is asked for twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial

from django.db.models import QuerySet

from popflix.engine.context import RunContext
from popflix.engine.models import Run
from popflix.lib import audit
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from sync.availability.finding import Choice, clean_choice
from sync.availability.models import Availability
from sync.availability.recheck import ACTION, Places, require_why, wake
from sync.availability.rows import checked_rows
from sync.availability.wanted import wanted_now

UNIT = "recheck-availability"
ROWS_A_COMMIT = 1000
_OWN = ("why", "by")
_LONGEST_WHY = 200


@dataclass(frozen=True)
class Wish:
    choice: Choice
    why: str
    by: str


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form: the filter, why, and who asked. Raises OperatorError."""
    known = (*Choice.__dataclass_fields__, *_OWN)
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise OperatorError(
            f"There is no parameter {unknown[0]}.", f"Known are {', '.join(known)}."
        )
    choice = clean_choice(params)
    if not choice.is_narrowed:
        raise OperatorError(
            "Nothing says which checks are meant.", "Give a provider, a state or a search."
        )
    why = require_why(str(params.get("why") or ""))[:_LONGEST_WHY]
    return {**asdict(choice), "why": why, "by": str(params.get("by") or "")}


def recheck_matching(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit; returns how many rows became due and where it stands."""
    params = clean_params(ctx.params)
    wish = Wish(clean_choice(params), str(params["why"]), str(params["by"]) or ctx.unit)
    run = Run.objects.get(pk=ctx.run_id)
    rows, result = wish.choice.rows().order_by("pk"), _earlier(run)
    left = _behind(rows, result).count()
    ctx.progress(total=run.done_count + left)
    ctx.flush()  # a run that is killed early has its total, too
    while not ctx.should_stop():
        page = list(_behind(rows, result)[:ROWS_A_COMMIT])
        if not page:
            break
        result = again_when_locked(partial(_one_page, ctx, wish, page, result, left))
    else:
        return result
    for line in wake(_waiting(result), by=wish.by, clock=ctx.clock):
        ctx.note(line)
    return result


def _one_page(
    ctx: RunContext,
    wish: Wish,
    page: list[Availability],
    earlier: Mapping[str, object],
    left: int,
) -> Mapping[str, object]:
    """One commit of a page and of the place where it ends, which is returned."""
    of_providers = {row.provider_id for row in page}
    seen = {*_waiting(earlier), *of_providers}
    count = int(str(earlier.get("count", 0))) + len(page)
    result = {"after": page[-1].pk, "count": count, "providers": sorted(seen)}
    with ctx.commit(done=len(page), ok=len(page)):
        if not earlier:
            _record(ctx, wish, left)
        for provider in sorted(of_providers):
            movies = {row.movie_id for row in page if row.provider_id == provider}
            wanted_now(checked_rows(provider).filter(movie_id__in=movies), ctx.now())
        Run.objects.filter(pk=ctx.run_id).update(result=result)
    return result


def _earlier(run: Run) -> Mapping[str, object]:
    """Where this run, or the failed one that it retries, had come to."""
    while "after" not in run.result and run.retry_of is not None:
        run = run.retry_of
    return dict(run.result) if "after" in run.result else {}


def _behind(rows: QuerySet[Availability], result: Mapping[str, object]) -> QuerySet[Availability]:
    behind = rows.filter(pk__gt=int(str(result.get("after", 0))))
    return behind.only("pk", "provider_id", "movie_id")


def _waiting(result: Mapping[str, object]) -> Places:
    """The providers that have something due now, whatever it is: they are many, so a run takes
    what is most urgent."""
    known = result.get("providers") or []
    return {int(str(pk)): set() for pk in known} if isinstance(known, list) else {}


def _record(ctx: RunContext, wish: Wish, count: int) -> None:
    """Once, before anything is changed."""
    target = "all that match: " + ", ".join(value for _, value in wish.choice.words())
    details = {**asdict(wish.choice), "run": ctx.run_id}
    audit.record(
        wish.by, ACTION, at=ctx.now(), target=target, count=count, why=wish.why, details=details
    )
