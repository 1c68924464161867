"""Laws of reconciling, on invented programmes: order, batches, repetition, edits, naivety."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconcile.changes.finding.history import history_of
from reconcile.changes.finding.scope import newest_load, scope_of
from reconcile.changes.judging import judge
from reconcile.changes.master.apply import apply_approved
from reconcile.changes.models import Change, ChangeSet
from reconcile.changes.types import Row
from reconcile.feed.models import Cinema, Load, Source
from reconcile.shows.models import MasterShow, SyncShow
from tests.reconcile.changes import naive
from tests.reconcile.changes.rows import SATURDAY, at, show
from tests.reconcile.programme import (
    in_master,
    learn,
    load,
    master,
    reconcile,
    require_identity,
    without_ids,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
COVERS = (SATURDAY, at("23:59", day=1))
ZONES = {3: "Asia/Kolkata", 4: "America/New_York"}
often = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
rows = st.builds(
    show,
    st.sampled_from(["09:00", "09:30", "13:00", "17:15", "21:00"]),
    st.sampled_from(["AUDI 1", "AUDI 2", "Audi 2"]),
    day=st.integers(0, 1),
    cinema_id=st.sampled_from([3, 4]),
    movie_id=st.sampled_from(["F1", "F2", "é", "e"]),
    title=st.sampled_from(["Harbour", "HARBOUR", "Harbour "]),
    rating=st.sampled_from([None, "", "U"]),
    is_active=st.sampled_from(["Y", "N", None]),
)
pools = st.lists(rows, min_size=6, max_size=24, unique_by=lambda row: row.key)
# What becomes of a row of the pool: most stay as they are, so that guards let the rest pass.
fates = st.sampled_from(["stays"] * 8 + ["retitled", "goes", "later", "otherwise"])


@st.composite
def programmes(draw: st.DrawFn, pool: list[Row]) -> list[Row]:
    """The pool, a little changed."""
    found = {}
    for row in pool:
        fate = draw(fates)
        new = {
            "stays": row,
            "retitled": replace(row, title=row.title.swapcase(), length=None),
            "later": replace(row, show_time=row.show_time + dt.timedelta(minutes=20)),
            "otherwise": replace(row, screen_name=row.screen_name + "b", is_active="N"),
        }.get(fate)
        if new is not None:
            found[new.key] = new
    return list(found.values())


@st.composite
def worlds(draw: st.DrawFn, most_loads: int = 1) -> tuple[list[Row], list[list[Row]]]:
    """Master as it was, and what one load or some in a row stage."""
    pool = draw(pools)
    loads = draw(st.lists(programmes(pool), min_size=1, max_size=most_loads))
    return draw(programmes(pool)), loads


World = tuple[list[Row], list[list[Row]]]
rarely = st.sampled_from([False, False, False, True])
nows = st.sampled_from([at("00:00", day=-1), at("12:00"), at("12:00", day=1)])


def begin(before: Sequence[Row], zones: Mapping[int, str] = ZONES) -> None:
    """The site as it was: master with these rows, staging empty."""
    for model in (ChangeSet, MasterShow, SyncShow, Load, Cinema, Source):
        model.objects.all().delete()
    learn("city", [3, 4], zones)
    in_master(before)


def judged(staged: Sequence[Row], now: dt.datetime, **params: Any) -> dict[str, Any]:
    load(staged, covers=COVERS)
    told = reconcile(now=now.isoformat(), **params)
    require_identity(told)
    return told


def seen() -> list[dict[str, Any]]:
    return without_ids(replace(row, missing_since=None) for row in master())


@often
@given(world=worlds(), seed=st.integers(0, 99), size=st.integers(1, 7))
def test_order_and_batch_size_make_no_difference(world: World, seed: int, size: int) -> None:
    before, [staged] = world
    found = []
    for shuffled, batch_size in ((staged, 5000), (_shuffled(staged, seed), size)):
        begin(before)
        judged(shuffled, COVERS[0], batch_size=batch_size)
        found.append(seen())
    assert found[0] == found[1]


@often
@given(world=worlds(), now=nows)
def test_twice_is_once(world: World, now: dt.datetime) -> None:
    before, [staged] = world
    begin(before)
    first = judged(staged, now)
    once, sets = list(MasterShow.objects.order_by("pk").values()), ChangeSet.objects.count()
    second = reconcile(now=now.isoformat())
    assert list(MasterShow.objects.order_by("pk").values()) == once
    assert ChangeSet.objects.count() == sets
    wrote = ("inserted", "updated", "moved", "revived")
    assert second["unchanged"] == first["unchanged"] + sum(first[name] for name in wrote)
    assert (second["held"], second["missing_held"]) == (first["held"], first["missing_held"])
    assert not any(second[name] for name in (*wrote, "missing", "stale"))


@often
@given(
    world=worlds(most_loads=5), now=nows, absences=st.integers(1, 2),
    is_reviewed=rarely, is_forced=st.booleans(),
)  # fmt: skip
def test_it_equals_the_naive_way(
    world: World, now: dt.datetime, absences: int, is_reviewed: bool, is_forced: bool
) -> None:
    before, loads = world
    begin(before, dict.fromkeys(ZONES, "Asia/Kolkata"))
    expected = [naive.Known(row) for row in master()]
    for staged in loads:
        force: dict[str, Any] = {"force": True, "why": "a test"} if is_forced else {}
        load(staged, covers=COVERS)
        asked = replace(rules(now), is_reviewed=is_reviewed, is_forced=is_forced)
        with override_settings(POPFLIX_MISSING_LOADS=absences):
            told = reconcile(now=now.isoformat(), review=is_reviewed, **force)
        result = naive.reconcile(expected, staged, replace(asked, missing_loads=absences))
        require_identity(told)
        expected = [
            replace(each, row=replace(each.row, id=_id_of(each.row))) for each in result.master
        ]
        assert seen() == without_ids(replace(each.row, missing_since=None) for each in expected)
        assert _counts(told) == {name: result.counts[_NAIVE[name]] for name in _NAIVE}
        assert _absences() == {
            each.row.key: each.missing_loads for each in expected if not each.row.missing_since
        }


@often
@given(world=worlds(), picks=st.lists(st.integers(0, 99), min_size=1, max_size=9))
def test_what_somebody_edits_meanwhile_is_never_overwritten(
    world: World, picks: list[int]
) -> None:
    before, [staged] = world
    begin(before)
    load(staged, covers=COVERS)
    edited: dict[int, Row] = {}

    def edit(*_: object) -> bool:
        rows = master()
        for pick in picks if rows else ():
            pk = rows[pick % len(rows)].id
            MasterShow.objects.filter(pk=pk).update(title=f"Edited {pk}")
        edited.update({row.id: row for row in master() if row.title.startswith("Edited")})
        return apply_approved(*_)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "apply_approved", edit)
        told = reconcile(now=COVERS[0].isoformat())
    require_identity(told)
    now_there = {row.id: row for row in master()}
    assert {pk: now_there[pk] for pk in edited} == edited
    stale = Change.objects.filter(state="stale")
    assert set(stale.values_list("master_id", flat=True)) <= set(edited)


_NAIVE = {
    "inserted": "insert", "updated": "update", "moved": "move", "revived": "revive",
    "missing": "missing", "unchanged": "unchanged", "held": "held",
}  # fmt: skip


def rules(now: dt.datetime) -> naive.Rules:
    """With the same history, as the newest load finds it."""
    newest = newest_load("city")
    assert newest is not None
    zone = ZoneInfo("Asia/Kolkata")
    return naive.Rules(
        zones={3: zone, 4: zone},
        first=COVERS[0].astimezone(zone).date(),
        last=COVERS[1].astimezone(zone).date(),
        now=now,
        history=history_of(scope_of(newest, now), [3, 4]),
    )


def _counts(told: dict[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in _NAIVE}


def _absences() -> dict[Any, int]:
    lacked = dict(MasterShow.objects.values_list("pk", "missing_loads"))
    return {row.key: lacked[row.id] or 0 for row in master() if not row.missing_since}


def _id_of(row: Row) -> int:
    found = [each.id for each in master() if each.key == row.key]
    if row.id:
        assert found == [row.id], "a row keeps its id"
    return found[0]


def _shuffled(rows: Sequence[Row], seed: int) -> list[Row]:
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)
    return mixed
