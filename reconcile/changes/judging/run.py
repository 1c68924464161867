"""Reconciling as a unit: the same steps for the command and for the queue.

A queue run hands over between two batches; the claim that goes on judges anew what is left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from popflix.engine.context import RunContext
from popflix.lib.errors import OperatorError
from reconcile.changes.approval.carrying import finish_own
from reconcile.changes.approval.wanting import APPROVE, asked_by
from reconcile.changes.finding.scope import Scope, loaded_sources, newest_load, scope_of
from reconcile.changes.judging.judge import Judged, judge, preview
from reconcile.changes.judging.wish import Wish
from reconcile.changes.policy.compose import Policy
from reconcile.changes.policy.tally import Tally
from reconcile.feed.lease import held
from reconcile.feed.staging import finish_broken
from reconcile.shows.on_sale import raise_after

HOLDER = "reconcile_shows, run"  # and its number: who says "busy"


class SomeFailed(OperatorError):  # noqa: N818 - an answer: the other sources are done
    """Of several sources some could not be judged; `told` is what came of all of them."""

    def __init__(self, told: Mapping[str, object], run_id: int, count: int) -> None:
        self.told, self.run_id = told, run_id
        failed: Any = told["failed"]
        causes = " ".join(each["error"] for each in failed)
        super().__init__(f"{len(failed)} of {count} feeds: {causes}", failed[0]["fix"])


def reconcile_shows(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit; returns the object of --json, by source and in all.

    Raises OperatorError where nothing is loaded or somebody else works on the source. Of several
    sources the others are judged all the same: SomeFailed is raised after them.
    """
    wish = Wish(**ctx.params)  # type: ignore[arg-type]  # cleaned when stored
    if wish.force:
        asked_by(ctx, APPROVE, wish.by)
    policy, moment = wish.policy(), wish.moment(ctx.now())
    earlier: Mapping[str, Any] = ctx.earlier.get("sources") or {}  # type: ignore[assignment]
    sources, failed = _sources(wish), []
    told: dict[str, Any] = {}
    for source in sources:
        if earlier.get(source, {}).get("is_whole"):
            told[source] = earlier[source]
            continue
        try:
            judged = _judge(ctx, source, wish, policy, moment)
        except OperatorError as error:
            if len(sources) == 1:
                raise
            failed.append({"source": source, **error.as_data()})
            continue
        told[source] = _told(_gone_on(judged, earlier.get(source)))
        if not judged.is_whole or ctx.should_stop():
            break
    raise_after(ctx.now())
    if failed and not ctx.stop_reason:  # a run that goes on later tries these again
        raise SomeFailed({**summary(told), "failed": failed}, ctx.run_id, len(sources))
    return summary(told)


def preview_shows(wish: Wish, now: dt.datetime) -> Mapping[str, object]:
    """What a run would come to, without a write. Raises OperatorError."""
    policy = wish.policy()
    told = {}
    for source in _sources(wish):
        scope = _scope(source, wish, wish.moment(now))
        told[source] = _told(preview(scope, policy)) if scope.zones else _told(Judged(Tally()))
    return summary(told)


def summary(told: Mapping[str, Mapping[str, Any]]) -> dict[str, object]:
    """All sources together; `sources` has each by name."""
    total = Tally()
    for each in told.values():
        total += Tally(**each["counts"])
    holds = [{"source": name, **hold} for name, each in told.items() for hold in each["holds"]]
    return {**asdict(total), "holds": holds, "sources": dict(told), "failed": []}


def _judge(
    ctx: RunContext, source: str, wish: Wish, policy: Policy, moment: dt.datetime
) -> Judged:
    with held(source, f"{HOLDER} {ctx.run_id}", ctx.clock) as lease:
        finish_broken(source, ctx.now(), lease.prolong)
        if not finish_own(ctx, lease, source):
            return Judged(Tally(), is_whole=False)
        scope = _scope(source, wish, moment)
        if not scope.zones:  # no cinema that was asked for is this source's
            return Judged(Tally())
        return judge(ctx, lease, scope, policy, wish.batch_size)


def _scope(source: str, wish: Wish, moment: dt.datetime) -> Scope:
    load = newest_load(source)
    if load is None:
        raise OperatorError(f"Nothing of the feed {source} is loaded.", "Run load_shows first.")
    return scope_of(load, moment, wish.cinemas)


def _sources(wish: Wish) -> list[str]:
    sources = list(wish.sources) or loaded_sources()
    if not sources:
        raise OperatorError("No feed of shows is loaded yet.", "Run load_shows first.")
    return sources


def _gone_on(judged: Judged, earlier: Mapping[str, Any] | None) -> Judged:
    """Together with what an earlier claim of this run wrote."""
    if earlier:
        judged.tally = judged.tally.after(Tally(**earlier["counts"]))
    return judged


def _told(judged: Judged) -> dict[str, Any]:
    return {
        "counts": asdict(judged.tally),
        "change_set": judged.change_set,
        "holds": judged.holds,
        "is_whole": judged.is_whole,
    }
