"""A field that an operator keeps: no feed, approval, force or order of loads changes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popflix.lib import field_locks
from popflix.lib.models import AuditEntry, FieldLock
from reconcile.changes.finding.kept import TABLE
from reconcile.changes.judging import judge
from reconcile.changes.master.apply import apply_approved
from reconcile.changes.models import Change, ChangeState
from reconcile.changes.policy.fingerprint import fingerprint
from reconcile.changes.types import Row
from reconcile.shows.editing import Keep, edit_show, lock_fields, unlock_fields
from reconcile.shows.models import MasterShow
from tests.reconcile.changes import naive
from tests.reconcile.changes.rows import at, show
from tests.reconcile.programme import (
    BEFORE,
    decide_all,
    figures,
    in_master,
    learn,
    load,
    master,
    newest_set,
    reconcile,
    require_identity,
    undo,
    without_ids,
)
from tests.reconcile.test_laws import COVERS, ZONES, begin, often, pools, programmes, rules

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
ROWS = [show(f"{hour}:00", f"S{hour}", movie_id=f"F{hour}") for hour in range(10, 20)]
FIRST, SECOND, *REST = ROWS
WHO: dict[str, Any] = {"by": "ada", "why": "the cinema rang", "now": BEFORE}
AGREES, FOREVER = Keep("agrees"), Keep("forever")


def begun(*rows: Row) -> list[Row]:
    """Master and staging with these rows."""
    learn("city", [3], {})
    found = in_master(rows or ROWS)
    load(rows or ROWS, covers=COVERS)
    return found


def edit(row: Row, keep: Keep = FOREVER, **values: Any) -> None:
    now = {each.id: each for each in master()}[row.id]
    edit_show(row.id, values, seen=fingerprint(now), keep=keep, **WHO)


def judged(*rows: Row, **params: Any) -> dict[str, Any]:
    load(rows, covers=COVERS)
    told = reconcile(**params)
    require_identity(told)
    return told


def row_of(pk: int) -> Row:
    return {each.id: each for each in master()}[pk]


def changes(state: str = ChangeState.LOCKED) -> list[tuple[str, list[str], str]]:
    found = Change.objects.filter(state=state).order_by("pk")
    return [(each.kind, sorted(each.locked or {}), each.reason) for each in found]


def test_a_locked_field_stays_and_the_others_follow_the_feed() -> None:
    first, *_ = begun()
    edit(first, title="Harbour Lights (OV)")
    told = judged(replace(FIRST, title="Harbor Lights", rating="PG"), SECOND, *REST)
    assert figures(told) == {"updated": 1, "unchanged": 9}
    now = row_of(first.id)
    assert (now.title, now.rating) == ("Harbour Lights (OV)", "PG")
    [change] = Change.objects.all()
    assert (change.after, change.locked) == ({"rating": "PG"}, {"title": "Harbor Lights"})


def test_where_all_is_locked_nothing_is_written_and_it_is_told_once() -> None:
    first, *_ = begun()
    edit(first, title="Harbour Lights (OV)")
    for _ in range(2):
        assert figures(judged(*ROWS)) == {"locked": 1, "unchanged": 9}
    assert changes() == [("update", ["title"], "locked: title")]


@pytest.mark.parametrize("force", [False, True])
def test_a_show_that_is_kept_at_another_time_does_not_come_in_twice(force: bool) -> None:
    first, *_ = begun()
    edit(first, show_time=at("10:40"))
    params: dict[str, Any] = {"force": True, "why": "a test"} if force else {}
    for _ in range(3):
        assert figures(judged(*ROWS, **params)) == {"locked": 1, "unchanged": 9}
    assert len(master()) == 10
    told = judged(replace(FIRST, title="Harbor Lights"), *ROWS[1:])
    assert figures(told) == {"updated": 1, "unchanged": 9}
    assert row_of(first.id).title == "Harbor Lights"
    assert row_of(first.id).show_time == at("10:40")


def test_a_show_that_moves_away_from_where_it_is_kept_stays() -> None:
    first, *_ = begun()
    edit(first, screen_name="S99")
    told = judged(replace(FIRST, show_time=at("10:20")), *ROWS[1:])
    assert figures(told) == {"locked": 1, "unchanged": 9}
    assert row_of(first.id).screen_name == "S99"


def test_who_needs_the_place_of_a_locked_show_waits_with_it() -> None:
    one, two = show("10:00", "S1", movie_id="F1"), show("10:00", "S2", movie_id="F1")
    rest = [show(f"{hour}:00", f"S{hour}", movie_id=f"F{hour}") for hour in range(11, 20)]
    found = {row.screen_name: row for row in begun(one, *rest)}
    lock_fields(found["S1"].id, ["screen_name"], keep=FOREVER, **WHO)
    told = judged(two, replace(one, screen_name="s1", title="Tide"), *rest)
    assert told["locked"] + told["inserted"] == 2
    assert row_of(found["S1"].id).screen_name == "S1"
    assert not Change.objects.filter(state="stale").exists()


def test_a_missing_show_whose_word_or_place_is_locked_stays_active() -> None:
    found = begun()
    lock_fields(found[0].id, ["is_active"], keep=FOREVER, **WHO)
    lock_fields(found[1].id, ["show_time"], keep=FOREVER, **WHO)
    for _ in range(3):
        told = judged(*REST)
    assert figures(told) == {"unchanged": 8}
    assert [row_of(each.id).is_active for each in found[:2]] == ["Y", "Y"]
    assert [kind for kind, *_ in changes()] == ["missing", "missing"]


def test_a_show_that_returns_stays_away_where_its_word_is_locked() -> None:
    gone = replace(FIRST, is_active="N", missing_since=BEFORE)
    first, *_ = begun(gone, *ROWS[1:])
    lock_fields(first.id, ["is_active"], keep=FOREVER, **WHO)
    assert figures(judged(*ROWS)) == {"locked": 1, "unchanged": 9}
    unlock_fields(first.id, ["is_active"], **WHO)
    assert figures(judged(*ROWS)) == {"revived": 1, "unchanged": 9}


def test_until_the_feed_agrees() -> None:
    first, *_ = begun()
    edit(first, keep=AGREES, title="Harbour Lights (OV)", show_time=at("10:40"))
    assert judged(*ROWS)["locked"] == 1
    assert FieldLock.objects.count() == 2
    at_its_time = replace(FIRST, show_time=at("10:40"))
    assert judged(at_its_time, *ROWS[1:])["locked"] == 1  # the title differs
    assert [lock.field for lock in FieldLock.objects.all()] == ["title"]
    agreeing = replace(at_its_time, title="Harbour Lights (OV)")
    assert figures(judged(agreeing, *ROWS[1:])) == {"unchanged": 10}
    assert not FieldLock.objects.exists()
    told = AuditEntry.objects.filter(action="unlock fields", actor_name="feed")
    assert set(told.values_list("target", flat=True)) == {f"show {first.id}"}
    assert figures(judged(replace(agreeing, title="Tide"), *ROWS[1:]))["updated"] == 1


def test_until_a_date_and_until_the_show_has_passed() -> None:
    found = begun()
    tomorrow = Keep("date", at("00:00", day=1))
    edit(found[0], keep=tomorrow, title="Kept")
    edit(found[1], keep=Keep("passed"), title="Kept")  # begins 11:00, lasts two hours
    assert judged(*ROWS, now=at("12:59").isoformat())["locked"] == 2
    told = judged(*ROWS, now=at("13:01").isoformat())
    assert (told["locked"], told["updated"]) == (1, 1)
    told = judged(*ROWS, now=at("00:00", day=1).isoformat())
    assert (told["locked"], told["updated"]) == (0, 1)


def test_a_lock_that_comes_between_judging_and_writing_wins() -> None:
    first, *_ = begun()

    def lock(*given: Any) -> bool:
        lock_fields(first.id, ["title"], keep=FOREVER, **WHO)
        return apply_approved(*given)

    load([replace(FIRST, title="Tide", rating="PG"), *ROWS[1:]], covers=COVERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "apply_approved", lock)
        told = reconcile()
    assert figures(told) == {"stale": 1, "unchanged": 9}
    assert changes(ChangeState.STALE) == [("update", [], "locked since")]
    assert figures(reconcile()) == {"updated": 1, "unchanged": 9}
    assert (row_of(first.id).title, row_of(first.id).rating) == (FIRST.title, "PG")


def test_neither_approving_nor_undoing_crosses_a_lock() -> None:
    first, second, *_ = begun()
    retitled = replace(FIRST, title="Tide"), replace(SECOND, title="Tide")
    judged(*retitled, *REST, review=True)
    lock_fields(first.id, ["title"], keep=FOREVER, **WHO)
    decide_all(newest_set().pk)
    assert [row_of(each.id).title for each in (first, second)] == [FIRST.title, "Tide"]
    assert changes(ChangeState.STALE) == [("update", [], "locked since")]
    lock_fields(second.id, ["title"], keep=FOREVER, **WHO)
    undo(newest_set().pk)
    assert row_of(second.id).title == "Tide"


def test_locks_do_not_make_a_guard_hold_a_slice() -> None:
    found = begun()
    for row in found[:8]:
        edit(row, title=f"Kept {row.id}")
    told = judged(*ROWS[:9], replace(ROWS[9], title="Tide"))
    assert figures(told) == {"locked": 8, "updated": 1, "unchanged": 1}


# --- laws ---------------------------------------------------------------------------------------

edits = st.tuples(
    st.integers(0, 99),
    st.sampled_from(["title", "rating", "is_active", "show_time", "screen_name"]),
    st.sampled_from([AGREES, FOREVER, FOREVER]),
    st.booleans(),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Row], list[tuple[list[Row], list[Any]]]]:
    pool = draw(pools)
    loads = st.tuples(programmes(pool), st.lists(edits, max_size=4))
    return draw(programmes(pool)), draw(st.lists(loads, min_size=2, max_size=4))


def edited(row: Row, name: str) -> dict[str, Any]:
    """A value that no feed of these tests says; times stay on their day."""
    values: dict[str, dict[str, Any]] = {
        "title": {"title": "Kept"}, "rating": {"rating": "18"}, "is_active": {"is_active": "n"},
        "show_time": {"show_time": row.show_time + dt.timedelta(minutes=10)},
        "screen_name": {"screen_name": "KEPT"},
    }  # fmt: skip
    return values[name]


def locks() -> Mapping[int, dict[str, FieldLock]]:
    found: dict[int, dict[str, FieldLock]] = {}
    for each in FieldLock.objects.filter(table=TABLE):
        found.setdefault(int(each.row), {})[each.field] = each
    return found


def do(some: Sequence[Any]) -> None:
    """What an operator does between two loads; a place that is taken stays as it is."""
    for pick, name, keep, is_edit in some:
        rows = master()
        row = rows[pick % len(rows)] if rows else None
        if row is None:
            continue
        new = {**{field: getattr(row, field) for field in ("show_time", "screen_name")}}
        new |= edited(row, name)
        place = replace(row, show_time=new["show_time"], screen_name=new["screen_name"])
        if is_edit and (place.key == row.key or place.key not in {each.key for each in rows}):
            edit(row, keep, **edited(row, name))
        else:
            lock_fields(row.id, [name], keep=keep, **WHO)


def known() -> list[naive.Known]:
    kept, absences = locks(), dict(MasterShow.objects.values_list("pk", "missing_loads"))
    return [
        naive.Known(
            row, absences[row.id] or 0,
            {name: lock.feed_value for name, lock in kept.get(row.id, {}).items()},
            frozenset(
                name for name, lock in kept.get(row.id, {}).items() if lock.mode == "agrees"
            ),
        )
        for row in sorted(master(), key=lambda row: row.id)
    ]  # fmt: skip


@often
@given(history=histories(), is_forced=st.booleans())
def test_no_order_of_feeds_crosses_a_lock_and_all_equals_the_naive_way(
    history: Any, is_forced: bool
) -> None:
    before, loads = history
    begin(before, dict.fromkeys(ZONES, "Asia/Kolkata"))
    FieldLock.objects.all().delete()
    now = COVERS[0] - dt.timedelta(days=1)
    force: dict[str, Any] = {"force": True, "why": "a test"} if is_forced else {}
    for staged, some in loads:
        do(some)
        load(staged, covers=COVERS)
        expected = naive.reconcile(known(), staged, replace(rules(now), is_forced=is_forced))
        as_locked = {row.id: row for row in master()}
        told = reconcile(now=now.isoformat(), **force)
        require_identity(told)
        for pk, fields in locks().items():
            row = row_of(pk)
            for name in fields:
                assert getattr(row, name) == getattr(as_locked[pk], name), name
        seen = without_ids(replace(row, missing_since=None) for row in master())
        rows = [replace(each.row, missing_since=None) for each in expected.master]
        assert seen == without_ids(rows)
        for name in ("held", "locked", "unchanged"):
            assert told[name] == expected.counts[name], name
        assert not told["stale"]


def test_locks_are_of_one_row_and_one_table() -> None:
    values = {"title": "A", "rating": None}
    who: dict[str, Any] = {"by": "ada", "at": BEFORE}
    field_locks.lock("other.table", 7, values, mode="forever", **who)
    field_locks.lock("other.table", 7, {"title": "B"}, mode="agrees", **who)
    found = field_locks.locks_of("other.table", [7, 8], BEFORE)
    assert {name: (each.mode, each.feed_value) for name, each in found["7"].items()} == {
        "title": ("agrees", "B"), "rating": ("forever", None),
    }  # fmt: skip
    assert not field_locks.locks_of(TABLE, [7], BEFORE)
    assert field_locks.unlock("other.table", "7", ["title", "genere"], **who) == 1
    assert list(field_locks.locks_of("other.table", ["7"], BEFORE)["7"]) == ["rating"]
