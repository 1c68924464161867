"""The reference that the set-based way must equal is itself what the rules say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reconcile.changes.policy.guard import Past
from reconcile.changes.types import ChangeKind, Row, Slice
from tests.reconcile.changes.naive import Known, Result, Rules, reconcile
from tests.reconcile.changes.rows import SATURDAY, at, show

RULES = Rules({3: dt.UTC}, SATURDAY.date(), SATURDAY.date(), now=at("00:00"))
MORNING, NOON, EVENING = show("10:00"), show("13:00", "AUDI 2"), show("20:00", "AUDI 3")


def known(*rows: Row) -> list[Known]:
    return [Known(replace(row, id=n)) for n, row in enumerate(rows, 1)]


def counts(found: Result) -> dict[str, int]:
    return {name: count for name, count in sorted(found.counts.items()) if count}


def test_the_three_cases_of_the_worked_example() -> None:
    retitled = replace(NOON, title="Harbour Lights II")
    found = reconcile(known(MORNING, NOON), [MORNING, retitled, EVENING], RULES)
    assert counts(found) == {"insert": 1, "staged": 3, "unchanged": 1, "update": 1}
    assert found.by_key[NOON.key].row == replace(retitled, id=2)
    assert found.by_key[EVENING.key].row == replace(EVENING, id=0)


def test_a_show_is_missing_after_two_loads_and_comes_back() -> None:
    rows = [show(f"{hour}:00", f"S{hour}", movie_id=f"F{hour}") for hour in range(10, 20)]
    once = reconcile(known(*rows), rows[1:], RULES)
    assert counts(once) == {"staged": 9, "unchanged": 9}
    twice = reconcile(once.master, rows[1:], RULES)
    assert counts(twice) == {"missing": 1, "staged": 9, "unchanged": 9}
    gone = twice.by_key[rows[0].key].row
    assert (gone.id, gone.is_active, gone.missing_since) == (1, "N", RULES.now)
    back = reconcile(twice.master, rows, RULES)
    assert counts(back) == {"revive": 1, "staged": 10, "unchanged": 9}
    assert back.by_key == {each.row.key: each for each in known(*rows)}


def test_a_move_keeps_the_id_and_passed_shows_and_other_cinemas_stay() -> None:
    later = replace(NOON, show_time=at("13:30"))
    elsewhere = show("10:00", cinema_id=4, movie_id="F9")
    rules = replace(RULES, now=at("11:00"))
    found = reconcile(known(MORNING, NOON, EVENING, elsewhere), [later, EVENING], rules)
    assert counts(found) == {"move": 1, "staged": 2, "unchanged": 1}
    assert found.by_key[later.key].row.id == 2
    assert found.by_key[MORNING.key] == known(MORNING)[0]
    assert elsewhere.key in found.by_key


def test_an_emptied_slice_holds_its_own_changes() -> None:
    sunday = show("15:00", day=1, movie_id="F5")
    rules = replace(
        RULES, last=sunday.show_time.date(),
        history={Slice(3, 5): [Past(3)] * 5},
    )  # fmt: skip
    found = reconcile(known(MORNING, NOON, EVENING), [sunday], rules)
    assert counts(found) == {"insert": 1, "staged": 1}
    assert all(found.by_key[row.key].missing_loads == 1 for row in (MORNING, NOON, EVENING))
    forced = reconcile(known(MORNING, NOON, EVENING), [sunday], replace(rules, is_forced=True))
    assert counts(forced) == {"insert": 1, "missing": 3, "staged": 1}


def test_a_change_that_takes_the_key_of_a_held_one_waits_with_it() -> None:
    """To a table that sees no case, the new show stands where the moved one has to leave."""
    later, newcomer = replace(NOON, show_time=at("13:05")), replace(NOON, screen_name="audi 2")
    both = reconcile(known(NOON), [later, newcomer], RULES)
    assert counts(both) == {"insert": 1, "move": 1, "staged": 2}
    rules = replace(RULES, auto=frozenset(ChangeKind) - {ChangeKind.MOVE})
    assert counts(reconcile(known(NOON), [later, newcomer], rules)) == {"held": 2, "staged": 2}


def test_review_holds_everything() -> None:
    found = reconcile(known(MORNING), [NOON, EVENING], replace(RULES, is_reviewed=True))
    assert found.counts["held"] == 2
    assert [each.row.key for each in found.master] == [MORNING.key]


ROWS = st.lists(
    st.builds(
        show,
        st.sampled_from(["09:00", "12:00", "12:10", "19:00"]),
        st.sampled_from(["AUDI 1", "Audi 1", "AUDI 2"]),
        day=st.integers(0, 1),
        movie_id=st.sampled_from(["F1", "F2"]),
        title=st.sampled_from(["Harbour", "Tide"]),
        cinema_id=st.sampled_from([3, 4]),
    ),
    unique_by=lambda row: row.key,
    max_size=8,
)
TWO_DAYS = replace(
    RULES, zones={3: dt.UTC, 4: dt.UTC}, last=SATURDAY.date() + dt.timedelta(1), missing_loads=1
)


@given(ROWS, ROWS)
def test_a_second_time_changes_nothing_and_all_staged_rows_are_counted(
    master: list[Row], staged: list[Row]
) -> None:
    first = reconcile(known(*master), staged, TWO_DAYS)
    again = reconcile(first.master, staged, TWO_DAYS)
    if not first.counts["held"]:
        assert again.counts["unchanged"] == again.counts["staged"] == len(staged)
        assert sum(again.counts.values()) == 2 * len(staged)
        assert {each.row for each in again.master} == {each.row for each in first.master}
    of_staged = ("insert", "update", "unchanged", "move", "revive", "held")
    assert sum(first.counts[name] for name in of_staged) == len(staged)
    assert len({each.row.key for each in first.master}) == len(first.master)
