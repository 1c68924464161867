"""Retrying all media links that a filter of their list matches: the unit `retry-media-links`.

Page by page in the order of their ids, each in one commit with the place it ended at. A run that
goes on after a crash begins behind that place, so that no title is asked for twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet

from popflix.engine.context import RunContext
from popflix.engine.models import Run
from popflix.lib import audit
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from sync.links import selection
from sync.links.finding import Choice, clean_choice
from sync.links.waking import wake

UNIT = "retry-media-links"
_ROWS_A_COMMIT = 1000
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
            "Nothing says which titles are meant.", "Give a status, kind, title_type or search."
        )
    why = str(params.get("why") or "").strip()[:_LONGEST_WHY]
    if not why:
        raise OperatorError("A retry of many titles needs a reason.", "Say why, as why=…")
    return {**asdict(choice), "why": why, "by": str(params.get("by") or "")}


def retry_matching(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit; returns how many titles became due and where it stands."""
    params = clean_params(ctx.params)
    wish = Wish(clean_choice(params), str(params["why"]), str(params["by"]) or ctx.unit)
    run = Run.objects.get(pk=ctx.run_id)
    keys, result = wish.choice.keys(), _earlier(run)
    left = _behind(keys, result).count()
    ctx.progress(total=run.done_count + left)
    ctx.flush()  # a run that is killed early has its total, too
    while not ctx.should_stop():
        page = list(_behind(keys, result)[:_ROWS_A_COMMIT])
        if not page:
            ctx.note(_then(ctx, wish))
            break
        result = again_when_locked(partial(_retry_page, ctx, wish, page, result, left))
    return result


def _retry_page(
    ctx: RunContext, wish: Wish, page: list[str], earlier: Mapping[str, object], left: int
) -> Mapping[str, object]:
    """One commit of a page and of the place where it ends, which is returned."""
    count = int(str(earlier.get("count", 0))) + len(page)
    result = {"after": page[-1], "count": count}
    with ctx.commit(done=len(page), ok=len(page)):
        if not earlier:
            _record(ctx, wish, left)
        selection.retry(page, ctx.now(), lane=None)
        Run.objects.filter(pk=ctx.run_id).update(result=result)
    return result


def _earlier(run: Run) -> Mapping[str, object]:
    """Where this run, or the failed one that it retries, had come to."""
    while "after" not in run.result and run.retry_of is not None:
        run = run.retry_of
    return dict(run.result) if "after" in run.result else {}


def _behind(keys: QuerySet[Any, str], result: Mapping[str, object]) -> QuerySet[Any, str]:
    return keys.filter(pk__gt=str(result.get("after", "")))


def _record(ctx: RunContext, wish: Wish, count: int) -> None:
    """Once, before anything is changed."""
    target = "all that match: " + ", ".join(value for _, value in wish.choice.words())
    details = {**asdict(wish.choice), "run": ctx.run_id}
    audit.record(
        wish.by, "retry media links", at=ctx.now(), target=target, count=count, why=wish.why,
        details=details,
    )  # fmt: skip


def _then(ctx: RunContext, wish: Wish) -> str:
    if ctx.in_foreground:
        return "The titles are due; `python manage.py sync_tmdb` asks TMDB."
    return wake(by=wish.by, clock=ctx.clock)
