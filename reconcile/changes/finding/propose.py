"""All changes that a load asks for, a few cinemas at a time; nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconcile.changes.finding.history import history_of
from reconcile.changes.finding.reading import Batch, read_batches
from reconcile.changes.finding.scope import Scope
from reconcile.changes.finding.todo import Todo
from reconcile.changes.policy.compose import Policy, compose, may_be_held
from reconcile.changes.policy.guard import WEEKDAYS
from reconcile.changes.policy.proposal import Decision, Proposal, State

_MOST_HOLDS_TOLD = 20


@dataclass
class Found:
    """What proposals come to: rows by kind and state, and what guards hold of which slices."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    held: dict[tuple[int, int], str] = field(default_factory=dict)  # why, by cinema and weekday
    held_rows: Counter[tuple[int, int]] = field(default_factory=Counter)
    approved: int = 0

    def add(self, proposals: Iterable[Proposal]) -> None:
        for each in proposals:
            self.counts.setdefault(each.kind, Counter())[each.state] += each.row_count
            self.approved += each.state is State.APPROVED
            if each.state is State.HELD:
                at = (each.cinema_id, each.weekday)
                self.held_rows[at] += each.row_count
                if each.is_guarded:
                    self.held[at] = each.reason

    def holds(self, names: Mapping[int, str]) -> list[dict[str, object]]:
        """What waits, by slice: the largest first."""
        return [
            {
                "cinema": cinema_id,
                "name": names.get(cinema_id, ""),
                "weekday": WEEKDAYS[weekday],
                "rows": rows,
                "why": self.held.get((cinema_id, weekday), "waits for a person"),
            }
            for (cinema_id, weekday), rows in self.held_rows.most_common(_MOST_HOLDS_TOLD)
        ]


def propose(
    scope: Scope, todo: Todo, policy: Policy, decided: Mapping[str, Decision]
) -> Iterator[tuple[Batch, list[Proposal]]]:
    """The changes of a few cinemas each time, numbered groups among them."""
    groups = 0
    for batch in read_batches(scope, todo):
        noisy = [each.cinema_id for each in batch.residues if may_be_held(each, policy)]
        history = history_of(scope, noisy) if noisy else {}
        made: list[Proposal] = []
        for residue in batch.residues:
            some = compose(residue, policy, history, decided)
            made += _renumbered(some, groups)
            groups += max((each.group or 0 for each in some), default=0)
        yield batch, made


def _renumbered(proposals: Sequence[Proposal], groups: int) -> list[Proposal]:
    return [
        each if each.group is None else replace(each, group=groups + each.group)
        for each in proposals
    ]
