"""Loading as a unit: the same steps for the command and for the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popflix.engine.context import RunContext
from popflix.engine.lookout import StopReason
from popflix.lib.addresses import shown_place
from popflix.lib.errors import OperatorError
from reconcile.feed.feeds import Feed
from reconcile.feed.lease import held
from reconcile.feed.load import LoadResult, Reading, load_feed
from reconcile.feed.wish import LoadWish


def load_shows(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit: each feed by itself, so that one that is down keeps no other waiting.

    Returns `feeds`, what became of each. Raises OperatorError, after all of them, where one
    could not be loaded.
    """
    wish = LoadWish(**ctx.params)  # type: ignore[arg-type]  # cleaned when stored
    feeds, failed, told = wish.feeds(), [], []
    for feed in feeds:
        try:
            result = _load(feed, wish, ctx)
        except OperatorError as error:
            if len(feeds) == 1:
                raise
            failed.append(error)
            ctx.note(f"{feed.name}: {error}")
            continue
        told.append(as_object(result))
        if result.is_stopped:
            break
    if failed:
        causes = " ".join(error.cause for error in failed)
        raise OperatorError(f"{len(failed)} of {len(feeds)} feeds: {causes}", failed[0].cure)
    return {"feeds": told}


def _load(feed: Feed, wish: LoadWish, ctx: RunContext) -> LoadResult:
    how = Reading(
        ctx.clock, wish.batch_size, ctx.run_id, lambda: _must_stop(ctx),
        lambda rows: ctx.progress(done=rows), ctx.commit,
    )  # fmt: skip
    with held(feed.name, f"load_shows, run {ctx.run_id}", ctx.clock) as lease:
        return load_feed(feed, shown_place(feed.where), lease, how)


def _must_stop(ctx: RunContext) -> bool:
    """A feed is read to its end where only the turn is over: it could not be read on later."""
    return ctx.should_stop() and ctx.stop_reason is not StopReason.YIELD


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
