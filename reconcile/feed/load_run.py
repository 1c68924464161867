"""Loading as a unit: the same steps for the command and for the queue.

A queue run hands over between two feeds. While one is read it does not: it could only be read
anew. Asked to end (its worker is stopped, a pause, a cancel) it leaves staging as it is, and
begins that feed again. When the worker's time is nearly up the run ends with a cure, since the
queue would kill it, now and the next time. What comes after the reading, the next one can finish.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from popflix.engine.context import RunContext
from popflix.engine.lookout import StopReason
from popflix.lib.addresses import shown_place
from popflix.lib.errors import OperatorError
from reconcile.feed.feeds import Feed
from reconcile.feed.lease import held
from reconcile.feed.load import LoadResult, Reading, load_feed
from reconcile.feed.wish import LoadWish

_SHARE_TO_READ = 0.8  # of the time after which the queue kills a worker


def load_shows(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit: each feed by itself, so that one that is down keeps no other waiting.

    Returns `feeds`, what became of each. Raises OperatorError, after all of them, where one
    could not be loaded.
    """
    wish = LoadWish(**ctx.params)  # type: ignore[arg-type]  # cleaned when stored
    feeds, failed = wish.feeds(), []
    told = _done_before(ctx)
    done = {each["source"] for each in told}
    until = ctx.clock.monotonic() + _SHARE_TO_READ * float(str(settings.Q_CLUSTER["timeout"]))
    for feed in feeds:
        if feed.name in done:
            continue
        try:
            result = _load(feed, wish, ctx, until)
        except OperatorError as error:
            if len(feeds) == 1:
                raise
            failed.append(error)
            ctx.note(f"{feed.name}: {error}")
            continue
        told.append(as_object(result))
        if result.is_stopped or ctx.should_stop():
            break
    if failed and not ctx.stop_reason:  # a run that goes on later tries these again
        causes = " ".join(error.cause for error in failed)
        raise OperatorError(f"{len(failed)} of {len(feeds)} feeds: {causes}", failed[0].cure)
    return {"feeds": told}


def _done_before(ctx: RunContext) -> list[dict[str, Any]]:
    """What earlier claims of this run loaded."""
    feeds: Any = ctx.earlier.get("feeds") or []
    return [each for each in feeds if not each["stopped"]]


def _load(feed: Feed, wish: LoadWish, ctx: RunContext, until: float) -> LoadResult:
    how = Reading(
        ctx.clock, wish.batch_size, ctx.run_id, lambda: _must_stop(feed, ctx, until),
        lambda rows: ctx.progress(done=rows), ctx.commit,
    )  # fmt: skip
    with held(feed.name, f"load_shows, run {ctx.run_id}", ctx.clock) as lease:
        return load_feed(feed, shown_place(feed.where), lease, how)


def _must_stop(feed: Feed, ctx: RunContext, until: float) -> bool:
    """Not where only the turn is over. Raises OperatorError when the worker's time is, nearly."""
    if not ctx.should_stop():
        return False
    if ctx.stop_reason is not StopReason.YIELD:
        return True
    if ctx.clock.monotonic() < until:
        return False
    raise OperatorError(
        f"Reading the feed {feed.name} takes longer than a worker of the queue may work.",
        f"Load it with `manage.py load_shows --source {feed.name}`, from cron for instance.",
    )


def as_object(result: LoadResult) -> dict[str, Any]:
    changes = result.changes
    return {
        "source": result.source,
        "load": result.load_id,
        "read": result.read,
        "staged": result.staged,
        "merged": result.merged,
        "quarantined": result.quarantined,
        "inserted": changes.inserted,
        "updated": changes.updated,
        "removed": changes.removed,
        "folds": result.folds,
        "held": result.held,
        "stopped": result.is_stopped,
    }
