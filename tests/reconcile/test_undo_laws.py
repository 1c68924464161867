"""Laws of deciding and undoing, on invented programmes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from reconcile.changes.approval import applying
from reconcile.changes.models import Change, ChangeSet
from reconcile.changes.types import Row
from reconcile.changes.undo.undoing import preview_undo
from reconcile.shows.models import MasterShow
from tests.reconcile.programme import decide_all, master, reconcile, require_identity, undo
from tests.reconcile.test_laws import COVERS, World, begin, judged, often, worlds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
FORCED: dict[str, Any] = {"force": True, "why": "a test"}
NOW = COVERS[0]


@st.composite
def new_and_old(draw: st.DrawFn) -> World:
    """Now and then master knows nothing yet, or nothing of one of the cinemas."""
    before, loads = draw(worlds())
    unknown = draw(st.sampled_from([(), (), (4,), (3, 4)]))
    return [row for row in before if row.cinema_id not in unknown], loads


def applied(world: World) -> tuple[list[Row], ChangeSet | None]:
    """Master as it was, and the set that made it what it is; None where nothing differed."""
    before, [staged] = world
    begin(before)
    as_it_was = master()
    with override_settings(POPFLIX_MISSING_LOADS=1):
        judged(staged, NOW, **FORCED)
    return as_it_was, ChangeSet.objects.order_by("-pk").first()


def seen() -> dict[int, Row]:
    """By id; when a show was declared missing is another moment each time."""
    return {row.id: replace(row, missing_since=row.missing_since and NOW) for row in master()}


@often
@given(world=new_and_old())
def test_apply_and_undo_is_as_if_nothing_had_been(world: World) -> None:
    before, made = applied(world)
    after = seen()
    if made is None:
        return
    first = undo(made.pk)
    assert master() == before
    with override_settings(POPFLIX_MISSING_LOADS=1):
        again = reconcile(now=NOW.isoformat(), **FORCED)
    require_identity(again)
    assert master() == before, "what was undone is not applied again"
    second = undo(first["undo"])
    assert seen() == after
    assert first["applied"] == second["applied"]
    assert set(made.changes.values_list("state", flat=True)) <= {"applied"}


@often
@given(world=new_and_old(), picks=st.lists(st.integers(0, 99), min_size=1, max_size=9))
def test_what_somebody_edited_is_kept_and_listed(world: World, picks: list[int]) -> None:
    before, made = applied(world)
    was = {row.id: row for row in before}
    rows = master()
    if made is None or not rows:
        return
    edited = {rows[pick % len(rows)].id for pick in picks}
    for pk in sorted(edited):
        MasterShow.objects.filter(pk=pk).update(title=f"Edited {pk}")
    preview = preview_undo(made)
    told = undo(made.pk)
    now_there = {row.id: row for row in master()}
    for pk in edited:
        assert now_there[pk].title == f"Edited {pk}"
    stale = Change.objects.filter(change_set=told["undo"], state="stale")
    left = made.changes.filter(state="applied")
    kept = set(left.values_list("master_id", flat=True))
    assert kept >= {change.master_id for change, _ in preview.kept}
    assert _rows(stale) == _rows(left) == preview.kept_count
    for pk in set(was) - kept - edited:
        assert now_there[pk] == was[pk], "what nobody edited is as it was"


@often
@given(world=new_and_old(), size=st.integers(1, 7))
def test_deciding_in_any_pages_comes_to_what_nobody_reviewed(world: World, size: int) -> None:
    before, [staged] = world
    found = []
    for is_reviewed in (False, True):
        begin(before)
        judged(staged, NOW, **({"review": True} if is_reviewed else FORCED))
        newest = ChangeSet.objects.order_by("-pk").first()
        if is_reviewed and newest is not None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(applying, "ROWS_A_COMMIT", size)
                decide_all(newest.pk)
        found.append([replace(each, id=0) for each in sorted(seen().values(), key=_key)])
    assert found[0] == found[1]


def _rows(changes: QuerySet[Change]) -> int:
    return sum(changes.values_list("row_count", flat=True))


def _key(row: Row) -> tuple[Any, ...]:
    return row.key
