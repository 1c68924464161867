"""From the differences of one cinema to changes, each with its reason and its state. Pure.

residue → moves paired → update, revive, insert, missing → guards per slice → proposals
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconcile.changes.policy import diff, guard, moves
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.policy.grouping import grouped
from reconcile.changes.policy.inactive import inactive_word
from reconcile.changes.policy.locking import crossed, minded
from reconcile.changes.policy.proposal import (
    Decision,
    Proposal,
    State,
    day_identity,
    value_identity,
)
from reconcile.changes.policy.residue import Residue, figures
from reconcile.changes.told import FIELDS
from reconcile.changes.types import ChangeKind, Row, Slice

_ORDER = {kind: n for n, kind in enumerate(
    (ChangeKind.MOVE, ChangeKind.MISSING, ChangeKind.REVIVE, ChangeKind.UPDATE, ChangeKind.INSERT)
)}  # fmt: skip
_GIVING = (ChangeKind.UPDATE, ChangeKind.MOVE)


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
        paired = [_minded(residue, each) for each in _of_pairs(residue, pairs)]
        verdicts = _verdicts(residue, pairs, _idle(residue, paired), policy, history)
        rest = _of_rest(residue, pairs, verdicts, policy)
        found = [*paired, *(_minded(residue, each) for each in rest)]
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


# --- locks ---------------------------------------------------------------------------------------


def _minded(residue: Residue, made: Proposal) -> Proposal:
    locked = residue.locks.get(made.master_id or 0)
    return minded(made, locked) if locked else made


def _idle(residue: Residue, paired: Iterable[Proposal]) -> set[int]:
    """Shows of master that locks keep as they are, whatever the feed says."""
    kept = {
        each.row.id
        for each in residue.absent
        if crossed(ChangeKind.MISSING, (), residue.locks.get(each.row.id, ()))
    }
    whole = {each.master_id for each in paired if each.state is State.LOCKED}
    return kept | {pk for pk in whole if pk is not None}


# --- guards -------------------------------------------------------------------------------------


def may_be_held(residue: Residue, policy: Policy) -> bool:
    """Where nothing is absent and little changes no guard holds anything."""
    return bool(residue.absent) or len(residue.other) > policy.thresholds.changed_count


def _verdicts(
    residue: Residue,
    pairs: Sequence[moves.Pair],
    idle: Collection[int],
    policy: Policy,
    history: Mapping[Slice, Sequence[guard.Past]],
) -> dict[int, guard.Verdict]:
    if not may_be_held(residue, policy):  # nor are its shows counted by weekday
        return {}
    return {
        weekday: guard.judge(
            now, history.get(Slice(residue.cinema_id, weekday), ()), policy.thresholds
        )
        for weekday, now in figures(residue, pairs, idle).items()
    }


def _judged(
    proposal: Proposal,
    verdicts: Mapping[int, guard.Verdict],
    policy: Policy,
    decided: Mapping[str, Decision],
) -> Proposal:
    """With its state: a lock stands, and what a person decided of the very same change."""
    if proposal.state is State.LOCKED:
        return proposal
    earlier = decided.get(proposal.identity)
    if earlier is not None:
        reason = earlier.reason or proposal.reason
        return replace(proposal, state=earlier.state, decision=earlier, reason=reason)
    if proposal.is_day and day_identity(proposal.cinema_id, proposal.day) in decided:
        why = "this day had another number of shows when somebody decided about it"
        return replace(proposal, state=State.HELD, reason=why)
    verdict = verdicts.get(proposal.weekday, guard.Verdict())
    if verdict.holds(proposal.kind) and not policy.force_why:
        return replace(proposal, state=State.HELD, reason=verdict.why, is_guarded=True)
    if policy.is_reviewed:
        return replace(proposal, state=State.HELD)
    refused = _refused(proposal, decided)
    if refused:
        return replace(proposal, state=State.HELD, reason=refused)
    if proposal.kind not in policy.auto:
        why = f"{proposal.kind} is not in POPFLIX_AUTO_APPLY"
        return replace(proposal, state=State.HELD, reason=proposal.reason or why)
    return proposal


def _refused(proposal: Proposal, decided: Mapping[str, Decision]) -> str:
    """What a person did not want, and what comes together with something else now."""
    if not decided or proposal.kind not in _GIVING or proposal.master_id is None:
        return ""
    names = [
        FIELDS[name]
        for name, value in proposal.after.items()
        if value_identity(proposal.master_id, name, value) in decided
    ]
    return f"rejected or undone before: {', '.join(names)}" if names else ""
