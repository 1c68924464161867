"""Judging the newest load of one source: what differs, what may be, what is done.

    todo → proposals → a change set, stored → what is approved into master → the set says so

A set is `applying` until the last of it is in master. One that a kill left so is closed by the
next judgement, which finds the differences that are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from popflix.engine.context import RunContext
from popflix.lib import audit
from reconcile.changes.approval.decisions import decisions
from reconcile.changes.finding import kept
from reconcile.changes.finding.propose import Found, propose
from reconcile.changes.finding.reading import Batch
from reconcile.changes.finding.scope import Scope
from reconcile.changes.finding.todo import Todo, find_todo
from reconcile.changes.judging import store
from reconcile.changes.judging.holds import announce_held
from reconcile.changes.master.apply import apply_approved
from reconcile.changes.models import ChangeSet
from reconcile.changes.policy.compose import Policy
from reconcile.changes.policy.proposal import Decision
from reconcile.changes.policy.tally import Tally, tally_of
from reconcile.feed.lease import Lease
from reconcile.feed.models import Cinema


@dataclass
class Judged:
    """`change_set` is the one that holds what was found, None where nothing was."""

    tally: Tally
    change_set: int | None = None
    holds: list[dict[str, object]] = field(default_factory=list)
    is_whole: bool = True  # not stopped before the end


def preview(scope: Scope, policy: Policy) -> Judged:
    """What `judge` would come to; nothing is written."""
    found = Found()
    with find_todo(scope) as todo:
        for _, proposals in propose(scope, todo, policy, _decisions(scope, todo)):
            found.add(proposals)
        return _judged(scope, todo, found)


def judge(ctx: RunContext, lease: Lease, scope: Scope, policy: Policy, batch_size: int) -> Judged:
    """Judge and apply. Raises FenceLost and LeaseLost; what is committed by then stays."""
    with find_todo(scope) as todo:
        return _Judge(ctx, lease, scope, policy, todo).work(batch_size)


class _Judge:
    def __init__(
        self, ctx: RunContext, lease: Lease, scope: Scope, policy: Policy, todo: Todo
    ) -> None:
        self._ctx, self._lease = ctx, lease
        self._scope, self._policy, self._todo = scope, policy, todo
        self._digest, self._found = store.Digest(), Found()

    def work(self, batch_size: int) -> Judged:
        self._unlock_agreed()
        standing = store.standing_sets(self._scope.source)
        decided = _decisions(self._scope, self._todo)
        same = self._same_as_before(decided)
        if same is not None:
            return same
        change_set = self._store(decided)
        if change_set is None:
            self._close(standing, decided)
            return _judged(self._scope, self._todo, self._found)
        self._close([each for each in standing if each.pk != change_set.pk], decided, change_set)
        self._ctx.progress(total=self._found.approved)
        zones = self._scope.zones
        if not apply_approved(self._ctx, self._lease, change_set.pk, zones, batch_size):
            return self._stopped(change_set)
        return self._finish(change_set)

    def _same_as_before(self, decided: Mapping[str, Decision]) -> Judged | None:
        """Where all that differs waits since an earlier judgement, that change set stands."""
        newest = store.newest_set(self._scope.source)
        if newest is None or not newest.digest or not self._scope.is_whole:
            return None
        earlier = store.digest_of(newest)
        if not earlier:
            return None
        digest, found, absences = store.Digest(), Found(), Batch()
        for batch, proposals in propose(self._scope, self._todo, self._policy, decided):
            digest.add(proposals)
            found.add(proposals)
            if found.approved:  # which nothing that stands could be
                return None
            absences.newly_lacked += batch.newly_lacked
            absences.seen_again += batch.seen_again
        if str(digest) != earlier:
            return None
        if absences.newly_lacked or absences.seen_again:
            with self._ctx.commit():
                self._count(absences)
        return replace(_judged(self._scope, self._todo, found), change_set=newest.pk)

    def _store(self, decided: Mapping[str, Decision]) -> ChangeSet | None:
        """The change set with all its changes; None where there are none."""
        change_set = None
        for batch, proposals in propose(self._scope, self._todo, self._policy, decided):
            self._lease.prolong()
            self._digest.add(proposals)
            self._found.add(proposals)
            if not (proposals or batch.newly_lacked or batch.seen_again):
                continue
            with self._ctx.commit():
                if change_set is None and proposals:
                    change_set = self._create()
                if change_set is not None:
                    store.add_changes(change_set, proposals)
                self._count(batch)
        return change_set

    def _create(self) -> ChangeSet:
        now, policy = self._ctx.now(), self._policy
        made = store.create_set(self._scope, self._ctx.run_id, now)
        if policy.force_why:
            target = f"{made}, load {self._scope.load.pk} of {self._scope.source}"
            audit.record(
                policy.forced_by or f"run {self._ctx.run_id}",
                "force",
                at=now,
                target=target,
                why=policy.force_why,
            )
        return made

    def _unlock_agreed(self) -> None:
        agreed = kept.agreed(self._scope)
        if agreed:
            with self._ctx.commit():
                kept.dissolve(agreed, self._ctx.now())

    def _count(self, batch: Batch) -> None:
        load_id = self._scope.load.pk
        store.count_absences(batch.newly_lacked, batch.seen_again, load_id)

    def _close(
        self,
        standing: Sequence[ChangeSet],
        decided: Mapping[str, Decision],
        change_set: ChangeSet | None = None,
    ) -> None:
        for each in standing:
            is_done = False
            while not is_done:
                with self._ctx.commit():
                    now = self._ctx.now()
                    is_done = store.supersede(each, self._scope, now, decided, change_set)
                if not is_done:
                    self._lease.prolong()

    def _stopped(self, change_set: ChangeSet) -> Judged:
        counts = store.counts_of(change_set)
        done = {kind: {"applied": of.get("applied", 0)} for kind, of in counts.items()}
        found = tally_of(done, staged=self._todo.staged, same=self._todo.same, quarantined=0)
        return Judged(found, change_set.pk, is_whole=False)

    def _finish(self, change_set: ChangeSet) -> Judged:
        with self._ctx.commit():
            store.finish_set(
                change_set,
                unchanged=self._todo.same,
                digest=str(self._digest),
                held_slices=sorted(self._found.held),
                now=self._ctx.now(),
            )
            announce_held(change_set, self._ctx.now())
        return _judged(self._scope, self._todo, self._found, change_set)


def _judged(scope: Scope, todo: Todo, found: Found, change_set: ChangeSet | None = None) -> Judged:
    """With the counts of what is stored, which tell of stale rows, too."""
    counts = found.counts if change_set is None else store.counts_of(change_set)
    tally = tally_of(
        counts, staged=todo.staged, same=todo.same, quarantined=scope.load.quarantined_count
    )
    names = Cinema.objects.filter(pk__in=[pk for pk, _ in found.held_rows])
    holds = found.holds(dict(names.values_list("pk", "name"))) if found.held_rows else []
    return Judged(tally, None if change_set is None else change_set.pk, holds)


def _decisions(scope: Scope, todo: Todo) -> dict[str, Decision]:
    return decisions(scope.source, todo.cinemas) if todo.cinemas else {}
