"""From differences to changes: what is judged, linked and counted without a database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from reconcile.changes.policy.compose import Policy, compose
from reconcile.changes.policy.guard import Figures
from reconcile.changes.policy.inactive import inactive_word
from reconcile.changes.policy.proposal import Decision, State
from reconcile.changes.policy.residue import Absent, Residue, figures
from reconcile.changes.policy.tally import Tally, lines, tally_of
from reconcile.changes.types import ChangeKind
from tests.reconcile.changes.rows import SATURDAY, at, show

POLICY = Policy(missing_loads=2, auto=frozenset(ChangeKind))
DAYS = {SATURDAY.date(): 12}
OLD, NEW = show("10:00", id=1), show("10:00", "audi  1", id=2)


@pytest.mark.parametrize(
    ("word", "inactive"),
    [("Y", "N"), ("y", "n"), ("1", "0"), ("True", "False"), ("TRUE", "FALSE"), ("Yes", "No"),
     ("N", "N"), ("cancelled", "cancelled"), (None, "N"), ("?", "N")],
)  # fmt: skip
def test_a_missing_show_gets_the_inactive_word_of_its_feed(
    word: str | None, inactive: str
) -> None:
    assert inactive_word(word) == inactive


def test_changes_that_share_a_key_but_for_case_and_spaces_are_one_group() -> None:
    residue = Residue(
        3, dt.UTC, DAYS,
        new=[NEW, *(show("11:00", f"AUDI{' ' * n}1", id=n + 2, movie_id="F2") for n in (1, 2))],
        absent=[Absent(OLD, 1)],
    )  # fmt: skip
    found = compose(residue, POLICY, {}, {})
    assert [(each.kind, each.group) for each in found] == [
        ("move", None), ("insert", 1), ("insert", 1),
    ]  # fmt: skip


def test_a_group_waits_as_one() -> None:
    came = [show("11:00", id=3), show("11:00", "AUDI  1", id=4, is_active="N")]
    first, second = compose(Residue(3, dt.UTC, DAYS, new=came), POLICY, {}, {})
    decided = {first.identity: Decision("ada", SATURDAY, "no")}
    found = compose(Residue(3, dt.UTC, DAYS, new=came), POLICY, {}, decided)
    states = {each.sync_id: (each.state, each.reason) for each in found}
    assert states == {
        first.sync_id: (State.REJECTED, "no"),
        second.sync_id: (State.HELD, "waits for the change that it is linked with"),
    }


def test_the_identity_of_a_change_is_that_of_its_difference() -> None:
    [one] = compose(Residue(3, dt.UTC, DAYS, new=[NEW]), POLICY, {}, {})
    reviewed = replace(POLICY, is_reviewed=True)
    [same] = compose(Residue(3, dt.UTC, DAYS, new=[replace(NEW, id=9)]), reviewed, {}, {})
    [other] = compose(Residue(3, dt.UTC, DAYS, new=[replace(NEW, title="x")]), POLICY, {}, {})
    assert one.identity == same.identity != other.identity


def test_guards_see_what_a_slice_has_loses_and_changes() -> None:
    sunday = show("10:00", id=5, day=1)
    residue = Residue(
        3, dt.UTC, DAYS, {5: 2, 6: 2},
        new=[show("20:00", id=6, movie_id="F9")],
        other=[(replace(OLD, title="x"), OLD)],
        back=[(show("22:00"), show("22:00"))],
        absent=[Absent(sunday, 1), Absent(show("15:00", id=7), 1)],
        passed={5: 4},
    )  # fmt: skip
    assert figures(residue, []) == {
        5: Figures(5, staged=12, master=12 - 2 + 1 + 4, removed=1, changed=1, passed=4, days=2),
        6: Figures(6, staged=0, master=1, removed=1, days=2),
    }


def test_a_judgement_that_goes_on_counts_what_was_written_before_once() -> None:
    earlier = Tally(staged=9, inserted=2, moved=1, missing=1)
    later = Tally(staged=9, inserted=3, unchanged=6, missing=2).after(earlier)
    assert (later.inserted, later.moved, later.unchanged, later.missing) == (5, 1, 3, 3)
    assert later.inserted + later.moved + later.unchanged == later.staged


def test_what_waits_is_not_what_was_written() -> None:
    counts = {
        "insert": {"applied": 2, "held": 1, "stale": 1},
        "missing": {"held": 4, "applied": 1},
        "update": {"approved": 3, "locked": 1},
        "move": {"rejected": 2},
    }
    tally = tally_of(counts, staged=17, same=7, quarantined=5)
    assert lines(tally) == [
        "Done. Inserted: 2, Updated: 3, Unchanged: 7",
        "Moved: 0, Missing: 1, Revived: 0, Held: 1, Stale: 1, Locked: 1, Rejected: 2, "
        "Quarantined: 5",
    ]
    assert (tally.missing_held, tally.is_held, (tally + tally).inserted) == (4, True, 4)


def test_a_first_load_is_told_by_day() -> None:
    days = {SATURDAY.date(): 3, at("0:00", day=7).date(): 2}
    found = compose(Residue(3, dt.UTC, days, is_first=True), POLICY, {}, {})
    assert [(each.day, each.row_count) for each in found] == list(days.items())
