"""What locks leave of changes, told without a database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from reconcile.changes.policy.compose import Policy, compose
from reconcile.changes.policy.grouping import grouped
from reconcile.changes.policy.locking import displaced, has_passed
from reconcile.changes.policy.proposal import Proposal, State
from reconcile.changes.policy.residue import Absent, Residue
from reconcile.changes.types import ChangeKind, Row
from tests.reconcile.changes.rows import SATURDAY, at, show

POLICY = Policy(missing_loads=1, auto=frozenset(ChangeKind))
DAYS = {SATURDAY.date(): 12}
HERE = show("10:00", "S1", id=1)


def test_a_chain_of_shows_that_change_places_stops_at_a_locked_one() -> None:
    """Who would come to its place cannot, nor who would come to that one's; others go on."""
    keys = [show("10:00", f"S{n}").key for n in range(6)]

    def move(gives_up: int, takes: int, state: State = State.APPROVED) -> Proposal:
        return Proposal(
            ChangeKind.MOVE, 3, 5, master_id=gives_up, gives_up=keys[gives_up],
            takes=keys[takes], state=state,
        )  # fmt: skip

    found = grouped([move(0, 1), move(1, 2), move(2, 3, State.LOCKED), move(3, 4), move(4, 5)])
    assert [(each.master_id, each.state, each.group) for each in found] == [
        (0, State.LOCKED, None), (1, State.LOCKED, None), (2, State.LOCKED, None),
        (3, State.APPROVED, 1), (4, State.APPROVED, 1),
    ]  # fmt: skip


def test_a_new_show_at_the_place_that_a_lock_keeps_is_locked_too() -> None:
    moved = show("10:45", "S1", id=11)
    spelt = show("10:00", "s1", id=12, title="Tide", length=None, rating=None, format=None)
    residue = Residue(
        3, dt.UTC, DAYS, new=[moved, spelt], absent=[Absent(HERE, 1)],
        locks={1: {"show_time": HERE.show_time.isoformat()}},
    )  # fmt: skip
    found = compose(residue, POLICY, {}, {})
    paired = next(each for each in found if each.kind == ChangeKind.MOVE)
    assert (paired.sync_id, paired.state, paired.reason) == (11, State.LOCKED, "locked: begins")
    other = next(each for each in found if each.sync_id == 12)
    assert (other.kind, other.state, other.group) == ("insert", State.LOCKED, None)
    assert other.reason == "takes the place of a show that a lock keeps there"


@pytest.mark.parametrize(
    ("kind", "locked", "state"),
    [
        ("update", "title", State.APPROVED), ("revive", "title", State.APPROVED),
        ("revive", "is_active", State.LOCKED), ("missing", "title", State.APPROVED),
        ("missing", "screen_name", State.LOCKED), ("missing", "is_active", State.LOCKED),
    ],
)  # fmt: skip
def test_what_a_lock_means_to_each_kind_of_change(kind: str, locked: str, state: State) -> None:
    staged = replace(HERE, id=9, title="Tide", rating="PG")
    pairs = [(staged, replace(HERE, missing_since=SATURDAY if kind == "revive" else None))]
    residue = Residue(
        3, dt.UTC, DAYS,
        other=pairs if kind == "update" else [], back=pairs if kind == "revive" else [],
        absent=[Absent(HERE, 1)] if kind == "missing" else [],
        locks={1: {locked: "x"}},
    )  # fmt: skip
    [made] = [each for each in compose(residue, FORCED, {}, {}) if each.kind == kind]
    assert made.state is state
    assert locked not in made.after or state is State.LOCKED


FORCED = replace(POLICY, force_why="a test")


def test_shows_that_locks_keep_count_nothing_to_guards() -> None:
    """Nineteen of twenty differ in a locked title: the last one is applied all the same."""
    rows = [show("10:00", f"S{n}", id=n, movie_id=f"F{n}") for n in range(1, 21)]
    pairs = [(replace(row, title="Tide"), row) for row in rows]
    residue = Residue(3, dt.UTC, {SATURDAY.date(): 20}, {5: 1}, other=pairs)
    assert {each.state for each in compose(residue, POLICY, {}, {})} == {State.HELD}
    residue.locks = {row.id: {"title": "x"} for row in rows[:19]}
    found = compose(residue, POLICY, {}, {})
    assert [each.state for each in found].count(State.LOCKED) == 19
    assert [each.state for each in found].count(State.APPROVED) == 1


def test_where_the_feed_looks_for_a_show_whose_place_is_kept() -> None:
    locked = {"show_time": at("09:30").isoformat(), "title": None}
    elsewhere = displaced(HERE, locked)
    assert elsewhere is not None
    assert elsewhere.key == replace(HERE, show_time=at("09:30")).key
    for none in ({}, {"screen_name": None}, {"screen_name": "S1"}, {"title": "x"}):
        assert displaced(HERE, none) is None


@pytest.mark.parametrize(("length", "is_over"), [(120, False), (119, True), (None, True)])
def test_a_show_has_passed_when_it_has_ended(length: int | None, is_over: bool) -> None:
    row: Row = replace(HERE, length=length)
    assert has_passed(row, at("12:00")) is is_over


def test_of_two_locked_ones_none_bars_the_other_twice() -> None:
    one, other = show("10:00", "S1").key, show("10:00", "S2").key
    swap = [
        Proposal(
            ChangeKind.MOVE, 3, 5, gives_up=gives, takes=takes, state=State.LOCKED, reason="x"
        )
        for gives, takes in ((one, other), (other, one))
    ]
    assert [(each.state, each.reason) for each in grouped(swap)] == [(State.LOCKED, "x")] * 2
