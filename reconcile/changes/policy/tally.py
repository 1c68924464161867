"""What came of judging a source, in numbers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from reconcile.changes.types import ChangeKind

_STAGED = (ChangeKind.INSERT, ChangeKind.UPDATE, ChangeKind.MOVE, ChangeKind.REVIVE)
Counts = Mapping[str, Mapping[str, int]]  # rows by kind and state


@dataclass(frozen=True)
class Tally:
    """`staged` rows are each counted once from `inserted` to `rejected`.

    `missing` and `missing_held` count rows of master, `quarantined` rows of the feed.
    """

    staged: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0
    revived: int = 0
    held: int = 0
    stale: int = 0
    locked: int = 0
    rejected: int = 0
    missing: int = 0
    missing_held: int = 0
    quarantined: int = 0

    @property
    def is_held(self) -> bool:
        return bool(self.held or self.missing_held)

    @property
    def written(self) -> int:
        """Staged rows that were written to master."""
        return self.inserted + self.updated + self.moved + self.revived

    def __add__(self, other: Tally) -> Tally:
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self))
        return Tally(**{name: value + getattr(other, name) for name, value in pairs})

    def after(self, earlier: Tally) -> Tally:
        """Of a judgement that goes on where an earlier one stopped: what that wrote is by now
        unchanged."""
        own = {name: getattr(self, name) for name in ("inserted", "updated", "moved", "revived")}
        for name in own:
            own[name] += getattr(earlier, name)
        return Tally(
            **{
                **asdict(self),
                **own,
                "unchanged": max(self.unchanged - earlier.written, 0),
                "missing": self.missing + earlier.missing,
            }
        )


def tally_of(counts: Counts, *, staged: int, same: int, quarantined: int) -> Tally:
    """From rows by kind and state; what is approved counts as if it were applied."""

    def done(kind: ChangeKind) -> int:
        return of(kind, "applied") + of(kind, "approved")

    def of(kind: ChangeKind, state: str) -> int:
        return counts.get(kind, {}).get(state, 0)

    def of_staged(state: str) -> int:
        return sum(of(kind, state) for kind in _STAGED)

    return Tally(
        staged=staged,
        inserted=done(ChangeKind.INSERT),
        updated=done(ChangeKind.UPDATE),
        unchanged=same,
        moved=done(ChangeKind.MOVE),
        revived=done(ChangeKind.REVIVE),
        held=of_staged("held"),
        stale=of_staged("stale"),
        locked=of_staged("locked"),
        rejected=of_staged("rejected"),
        missing=done(ChangeKind.MISSING),
        missing_held=of(ChangeKind.MISSING, "held"),
        quarantined=quarantined,
    )


def lines(tally: Tally) -> Sequence[str]:
    """What the command says of it, word for word as it is promised."""
    return [
        f"Done. Inserted: {tally.inserted}, Updated: {tally.updated}, "
        f"Unchanged: {tally.unchanged}",
        f"Moved: {tally.moved}, Missing: {tally.missing}, Revived: {tally.revived}, "
        f"Held: {tally.held}, Stale: {tally.stale}, Locked: {tally.locked}, "
        f"Rejected: {tally.rejected}, Quarantined: {tally.quarantined}",
    ]
