"""From the differences of one cinema to changes, each with its reason and its state. Pure.

residue → moves paired → update, revive, insert, missing → guards per slice → proposals
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconcile.changes import diff, guard, moves
from reconcile.changes.fingerprint import fingerprint
from reconcile.changes.grouping import grouped
from reconcile.changes.inactive import inactive_word
from reconcile.changes.proposal import Decision, Proposal, State
from reconcile.changes.types import ChangeKind, Row, Slice

_ORDER = {kind: n for n, kind in enumerate(
    (ChangeKind.MOVE, ChangeKind.MISSING, ChangeKind.REVIVE, ChangeKind.UPDATE, ChangeKind.INSERT)
)}  # fmt: skip


@dataclass(frozen=True)
class Policy:
    """What is applied by itself: kinds in `auto`, unless a guard holds them or all is reviewed.

    A show is missing once `missing_loads` loads in a row that covered it lack it. With
    `force_why`, the reason of `forced_by`, the guards hold nothing.
    """

    missing_loads: int
    auto: frozenset[ChangeKind]
    is_reviewed: bool = False
    force_why: str = ""
    forced_by: str = ""
    thresholds: guard.Thresholds = guard.DEFAULTS


@dataclass(frozen=True)
class Absent:
    """A show of master that the load covers and lacks, like `loads - 1` before it in a row."""

    row: Row
    loads: int


@dataclass
class Residue:
    """All that differs of one cinema. Pairs are (staged, master).

    `days` counts its staged rows, `covered` the days of each weekday that the load covers.
    `is_first`: master knows nothing of the cinema, whose rows are all new and none of them here.
    `passed` counts, by weekday, covered shows of master that have begun and are not staged.
    """

    cinema_id: int
    zone: dt.tzinfo
    days: Mapping[dt.date, int] = field(default_factory=dict)
    covered: Mapping[int, int] = field(default_factory=dict)
    is_first: bool = False
    new: list[Row] = field(default_factory=list)
    other: list[tuple[Row, Row]] = field(default_factory=list)
    back: list[tuple[Row, Row]] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    passed: Mapping[int, int] = field(default_factory=dict)

    def weekday(self, row: Row) -> int:
        return row.show_time.astimezone(self.zone).weekday()


def compose(
    residue: Residue,
    policy: Policy,
    history: Mapping[Slice, Sequence[guard.Past]],
    decided: Mapping[str, Decision],
) -> list[Proposal]:
    """The changes of one cinema, in the order in which they are applied."""
    if residue.is_first:
        found = list(_first_load(residue))
        verdicts: Mapping[int, guard.Verdict] = {}
    else:
        pairs = moves.pair(
            [each.row for each in residue.absent], residue.new, {residue.cinema_id: residue.zone}
        ).pairs
        verdicts = _verdicts(residue, pairs, policy, history)
        found = [*_of_pairs(residue, pairs), *_of_rest(residue, pairs, verdicts, policy)]
    found.sort(key=lambda each: (each.weekday, _ORDER[each.kind]))
    return grouped([_judged(each, verdicts, policy, decided) for each in found])


# --- changes ------------------------------------------------------------------------------------


def _first_load(residue: Residue) -> Iterable[Proposal]:
    for day, rows in sorted(residue.days.items()):
        yield Proposal(
            ChangeKind.INSERT, residue.cinema_id, day.weekday(), day=day, row_count=rows
        )


def _of_pairs(residue: Residue, pairs: Sequence[moves.Pair]) -> Iterable[Proposal]:
    for pair in pairs:
        found = diff.changed(pair.came, pair.gone, diff.ALL)
        made = _of_master(residue, ChangeKind.MOVE, pair.gone, pair.came, found, pair.evidence)
        yield replace(made, gives_up=pair.gone.key, takes=pair.came.key)
    for staged, master in residue.other:
        found = diff.changed(staged, master, diff.ALL)  # a key is written anew in some tables
        yield _of_master(residue, ChangeKind.UPDATE, master, staged, found)
    for staged, master in residue.back:
        found = diff.changed(staged, master, diff.ALL)
        made = _of_master(residue, ChangeKind.REVIVE, master, staged, found)
        since = diff.told(master, ["missing_since"])
        yield replace(
            made, before={**made.before, **since}, after={**made.after, "missing_since": None}
        )


def _of_rest(
    residue: Residue,
    pairs: Sequence[moves.Pair],
    verdicts: Mapping[int, guard.Verdict],
    policy: Policy,
) -> Iterable[Proposal]:
    """What is no move: new shows, and shows that are absent for long enough.

    Of a slice that a guard holds those are told at once, so that somebody looks.
    """
    came, went = {pair.came.id for pair in pairs}, {pair.gone.id for pair in pairs}
    for row in residue.new:
        if row.id not in came:
            made = Proposal(ChangeKind.INSERT, residue.cinema_id, residue.weekday(row))
            yield replace(
                made,
                day=_day(residue, row),
                sync_id=row.id,
                after=diff.told(row),
                takes=row.key,
            )
    for each in residue.absent:
        weekday = residue.weekday(each.row)
        is_held = verdicts.get(weekday, guard.Verdict()).holds(ChangeKind.MISSING)
        if each.row.id not in went and (is_held or each.loads >= policy.missing_loads):
            word = inactive_word(each.row.is_active)
            found = diff.changed(replace(each.row, is_active=word), each.row)
            yield _of_master(residue, ChangeKind.MISSING, each.row, None, found)


def _of_master(
    residue: Residue,
    kind: ChangeKind,
    master: Row,
    staged: Row | None,
    found: Mapping[str, diff.Difference],
    reason: str = "",
) -> Proposal:
    before, after = diff.before_after(found)
    return Proposal(
        kind,
        residue.cinema_id,
        residue.weekday(master),
        day=_day(residue, master),
        master_id=master.id,
        sync_id=None if staged is None else staged.id,
        before=before,
        after=after,
        fingerprint=fingerprint(master),
        reason=reason,
    )


def _day(residue: Residue, row: Row) -> dt.date:
    return row.show_time.astimezone(residue.zone).date()


# --- guards -------------------------------------------------------------------------------------


def figures(residue: Residue, pairs: Sequence[moves.Pair]) -> dict[int, guard.Figures]:
    """By weekday what the load has of the cinema and would do to it."""
    absent = Counter(residue.weekday(each.row) for each in residue.absent)
    moved = Counter(residue.weekday(pair.gone) for pair in pairs)
    edited = Counter(residue.weekday(master) for _, master in residue.other)
    added = Counter(residue.weekday(row) for row in residue.new)
    added += Counter(residue.weekday(master) for _, master in residue.back)
    staged: Counter[int] = Counter()
    for day, rows in residue.days.items():
        staged[day.weekday()] += rows
    found = {}
    for weekday in {*absent, *edited, *moved}:
        passed = residue.passed.get(weekday, 0)
        found[weekday] = guard.Figures(
            weekday=weekday,
            staged=staged[weekday],
            master=staged[weekday] - added[weekday] + absent[weekday] + passed,
            removed=absent[weekday] - moved[weekday],
            changed=edited[weekday] + moved[weekday],
            passed=passed,
            days=max(residue.covered.get(weekday, 1), 1),
        )
    return found


def _verdicts(
    residue: Residue,
    pairs: Sequence[moves.Pair],
    policy: Policy,
    history: Mapping[Slice, Sequence[guard.Past]],
) -> dict[int, guard.Verdict]:
    return {
        weekday: guard.judge(
            now, history.get(Slice(residue.cinema_id, weekday), ()), policy.thresholds
        )
        for weekday, now in figures(residue, pairs).items()
    }


def _judged(
    proposal: Proposal,
    verdicts: Mapping[int, guard.Verdict],
    policy: Policy,
    decided: Mapping[str, Decision],
) -> Proposal:
    """With its state: what a person decided of the very same change stands."""
    earlier = decided.get(proposal.identity)
    if earlier is not None:
        return replace(proposal, state=State.REJECTED, decision=earlier, reason=earlier.reason)
    verdict = verdicts.get(proposal.weekday, guard.Verdict())
    if verdict.holds(proposal.kind) and not policy.force_why:
        return replace(proposal, state=State.HELD, reason=verdict.why, is_guarded=True)
    if policy.is_reviewed:
        return replace(proposal, state=State.HELD)
    if proposal.kind not in policy.auto:
        why = f"{proposal.kind} is not in POPFLIX_AUTO_APPLY"
        return replace(proposal, state=State.HELD, reason=proposal.reason or why)
    return proposal
