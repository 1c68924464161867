"""Reconciling a load: what becomes of new, changed, moved, missing and returned shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry
from reconcile.changes.models import Change, ChangeSet, ChangeState, SetState
from reconcile.feed.models import Cinema, Load, LoadState, Source
from reconcile.shows.models import MasterShow, SyncShow
from tests.reconcile.changes.rows import at, show
from tests.reconcile.programme import (
    BEFORE,
    figures,
    in_master,
    load,
    master,
    reconcile,
    require_identity,
    without_ids,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

# Twelve films at one cinema on one Saturday: enough that one of them is no mass.
DAY = [show(f"{10 + n // 2}:{30 * (n % 2):02}", movie_id=f"F{n}", title=f"Film {n}")
       for n in range(12)]  # fmt: skip
REST = DAY[1:]


def changes(**only: object) -> list[tuple[str, str, str]]:
    rows = Change.objects.filter(**only).order_by("pk")
    return list(rows.values_list("kind", "state", "reason"))


# --- the worked example of the seed ------------------------------------------------------------


def test_the_worked_example_gives_its_three_cases() -> None:
    avatar = show("19:00", "Screen 2", movie_id="MOV456", title="Avatar 2", rating="PG-13")
    load([avatar])
    assert figures(reconcile()) == {"inserted": 1}  # case A
    assert figures(reconcile()) == {"unchanged": 1}  # case C
    load([replace(avatar, rating="R")])
    assert figures(reconcile()) == {"updated": 1}  # case B
    [row] = master()
    assert (row.title, row.rating) == ("Avatar 2", "R")


# --- insert, update, unchanged -------------------------------------------------------------------


def test_a_first_load_is_stored_as_one_row_per_slice() -> None:
    load([*DAY, *(show("12:00", movie_id=f"F{n}", day=1) for n in range(3))])
    told = reconcile()
    assert figures(told) == {"inserted": 15}
    assert [
        (each.kind, each.row_count, each.weekday) for each in Change.objects.order_by("pk")
    ] == [
        ("insert", 12, 5),
        ("insert", 3, 6),
    ]
    [made] = ChangeSet.objects.all()
    assert (made.state, made.counts) == (SetState.APPLIED, {"insert": {"applied": 15}})
    assert MasterShow.objects.count() == 15


def test_what_is_the_same_is_not_written() -> None:
    load(DAY)
    reconcile()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        told = reconcile()
    assert figures(told) == {"unchanged": 12}
    ours = ("MasterShow", "SyncShow", "reconcile_change", "reconcile_load", "reconcile_cinema")
    written = [each["sql"] for each in queries if each["sql"].startswith(("INS", "UPD", "DEL"))]
    assert not [sql for sql in written if any(f"{name}" in sql for name in ours)]
    assert ChangeSet.objects.count() == 1


def test_only_the_changed_fields_are_kept_with_before_and_after() -> None:
    [old, *_] = in_master(DAY)
    load([replace(DAY[0], title="Film Ø", length=None), *REST])
    assert figures(reconcile()) == {"updated": 1, "unchanged": 11}
    change = Change.objects.get()
    assert (change.before, change.after) == (
        {"title": "Film 0", "length": 120},
        {"title": "Film Ø", "length": None},
    )
    assert (change.fields, change.master_id, change.day) == (
        "title,length", old.id, dt.date(2026, 1, 31),
    )  # fmt: skip
    assert master()[0] == replace(old, title="Film Ø", length=None)


@pytest.mark.parametrize(
    ("before", "after"),
    [("HINDI", "Hindi"), ("Café", "Cafe"), ("2D", "2D "), (None, ""), ("", None)],
)
def test_values_are_compared_letter_by_letter(before: str | None, after: str | None) -> None:
    in_master([replace(DAY[0], format=before), *REST])
    load([replace(DAY[0], format=after), *REST])
    assert figures(reconcile()) == {"updated": 1, "unchanged": 11}
    assert master()[0].format == after
    assert figures(reconcile()) == {"unchanged": 12}


def test_screens_that_differ_by_case_or_accent_alone_are_two() -> None:
    spelt = [show("12:00", screen) for screen in ("AUDI 2", "Audi 2", "Audí 2")]
    load(spelt)
    assert figures(reconcile()) == {"inserted": 3}
    load([*spelt, show("12:00", "aUDI 2")])
    assert figures(reconcile()) == {"inserted": 1, "unchanged": 3}


def test_another_sources_shows_are_left_alone() -> None:
    in_master([show("12:00", cinema_id=9)])
    load([show("12:00", cinema_id=9)], source="other")
    load(DAY)
    assert figures(reconcile(sources=["city"])) == {"inserted": 12}
    load(REST)
    assert figures(reconcile(sources=["city"])) == {"unchanged": 11}


# --- moves ---------------------------------------------------------------------------------------


def test_a_show_that_moved_keeps_its_id() -> None:
    old = in_master(DAY)
    load([replace(DAY[0], show_time=at("10:20"), screen_name="AUDI 7"), *REST])
    assert figures(reconcile()) == {"moved": 1, "unchanged": 11}
    new = {row.id: row for row in master()}
    assert set(new) == {row.id for row in old}
    assert (new[old[0].id].show_time, new[old[0].id].screen_name) == (at("10:20"), "AUDI 7")
    change = Change.objects.get()
    assert "20 min later, from AUDI 1 to AUDI 7" in change.reason
    assert change.before == {"screen_name": "AUDI 1", "show_time": at("10:00").isoformat()}


def test_two_films_swap_their_screens() -> None:
    one, two = show("12:00", "A", movie_id="S1"), show("12:00", "B", movie_id="S2")
    old = {row.movie_id: row.id for row in in_master([one, two, *REST])}
    load([replace(one, screen_name="B"), replace(two, screen_name="A"), *REST])
    assert figures(reconcile()) == {"moved": 2, "unchanged": 11}
    new = {row.movie_id: (row.id, row.screen_name) for row in master()}
    assert (new["S1"], new["S2"]) == ((old["S1"], "B"), (old["S2"], "A"))


def test_what_could_be_paired_in_two_ways_is_not_paired() -> None:
    in_master([show("12:00"), show("16:00"), *REST])
    load([show("14:00"), *REST])
    assert figures(reconcile()) == {"inserted": 1, "unchanged": 11}
    assert MasterShow.objects.filter(missing_loads=1).count() == 2


# --- missing and revived -------------------------------------------------------------------------


def test_a_show_is_missing_once_two_loads_in_a_row_lack_it() -> None:
    in_master(DAY)
    load(REST)
    assert figures(reconcile()) == {"unchanged": 11}
    assert figures(reconcile()) == {"unchanged": 11}, "one load is counted once"
    load(REST)
    assert figures(reconcile()) == {"unchanged": 11, "missing": 1}
    row = MasterShow.objects.get(movie_id="F0")
    assert (row.is_active, row.missing_since is not None) == ("N", True)
    assert figures(reconcile()) == {"unchanged": 11}


def test_a_show_that_comes_back_in_between_is_counted_anew() -> None:
    in_master(DAY)
    for rows in (REST, DAY, REST):
        load(rows)
        assert "missing" not in figures(reconcile())
    assert MasterShow.objects.get(movie_id="F0").missing_loads == 1


def test_a_show_that_returns_is_revived_with_its_id() -> None:
    in_master(DAY)
    for _ in range(2):
        load(REST)
        reconcile()
    old = MasterShow.objects.get(movie_id="F0")
    load([replace(DAY[0], rating="A"), *REST])
    assert figures(reconcile()) == {"unchanged": 11, "revived": 1}
    row = MasterShow.objects.get(pk=old.pk)
    assert (row.is_active, row.missing_since, row.missing_loads) == ("Y", None, None)
    assert row.rating == "A"


def test_a_show_of_the_past_is_never_missing() -> None:
    in_master(DAY)
    for _ in range(3):
        load(REST)
        assert figures(reconcile(now=at("10:01").isoformat())) == {"unchanged": 11}


def test_days_that_a_load_does_not_cover_are_left_alone() -> None:
    in_master([*DAY, show("12:00", day=1), show("12:00", day=-1)])
    for _ in range(3):
        load(DAY)
        assert figures(reconcile()) == {"unchanged": 12}


def test_the_days_of_a_load_are_those_of_the_cinemas_zone() -> None:
    night = show("19:00", movie_id="N")  # past midnight in Kolkata
    for_all = [*DAY, night]
    in_master(for_all)
    zones = {3: "Asia/Kolkata"}
    for _ in range(2):
        load(DAY, zones=zones)
        told = reconcile()
    assert figures(told) == {"unchanged": 12}, "the Sunday of Kolkata is not covered"


# --- guards --------------------------------------------------------------------------------------

OTHER = [replace(row, cinema_id=4) for row in DAY]
COVERS = (DAY[0].show_time, DAY[-1].show_time)


def test_an_emptied_cinema_is_held_and_the_others_go_on() -> None:
    in_master([*DAY, *OTHER])
    load([replace(OTHER[0], title="New"), *OTHER[1:]], covers=COVERS)
    Cinema.objects.create(pk=3, name="Three", source="city", first_seen_at=BEFORE,
                          last_seen_at=BEFORE)  # fmt: skip
    told = reconcile()
    assert figures(told) == {"updated": 1, "unchanged": 11, "missing_held": 12}
    [hold] = told["holds"]
    assert (hold["cinema"], hold["name"], hold["weekday"], hold["rows"]) == (
        3,
        "Three",
        "Saturday",
        12,
    )
    assert hold["why"] == "Saturday has 12 shows in master; this feed has none"
    assert not MasterShow.objects.exclude(missing_since=None).exists()
    assert ChangeSet.objects.get().state == SetState.OPEN


def test_the_same_hold_again_is_no_new_change_set() -> None:
    test_an_emptied_cinema_is_held_and_the_others_go_on()
    before = list(Change.objects.values_list("pk", "state", "change_set_id"))
    told = reconcile()
    assert figures(told) == {"unchanged": 12, "missing_held": 12}
    held = [each for each in before if each[1] == "held"]
    load([replace(OTHER[0], title="New"), *OTHER[1:]], covers=COVERS)
    assert figures(reconcile()) == {"unchanged": 12, "missing_held": 12}
    assert len(held) == Change.objects.filter(state=ChangeState.HELD).count() == 12
    assert ChangeSet.objects.filter(state=SetState.OPEN).count() == 1


def test_a_set_that_waits_is_closed_once_nothing_differs() -> None:
    test_an_emptied_cinema_is_held_and_the_others_go_on()
    load([*DAY, replace(OTHER[0], title="New"), *OTHER[1:]])
    assert figures(reconcile()) == {"unchanged": 24}
    made = ChangeSet.objects.get()
    assert (made.state, changes()) == (SetState.CLOSED, [("update", "applied", "")])


def test_force_applies_what_a_guard_holds_and_tells_why() -> None:
    in_master(DAY)
    load([replace(row, title="Same for all") for row in DAY])
    held = reconcile()
    assert figures(held) == {"held": 12}
    assert "would change or move" in held["holds"][0]["why"]
    told = reconcile(force=True, why="the titles were wrong", by="ada")
    assert figures(told) == {"updated": 12}
    entry = AuditEntry.objects.get(action="force")
    assert (entry.actor_name, entry.why) == ("ada", "the titles were wrong")
    assert [each.state for each in ChangeSet.objects.order_by("pk")] == ["closed", "applied"]


def test_what_loads_had_that_were_held_is_not_learnt_as_normal() -> None:
    in_master([*DAY, *OTHER])
    half = [*DAY[:2], *OTHER]
    for _ in range(6):
        load([*DAY, *OTHER])
        reconcile()
    for _ in range(12):
        load(half)
        told = reconcile()
    assert figures(told) == {"unchanged": 14, "missing_held": 10}
    assert told["holds"][0]["why"] == "Saturday normally has 12 ± 2 shows; this feed has 2"


# --- who decides ---------------------------------------------------------------------------------


def test_review_holds_everything() -> None:
    in_master(DAY)
    load([replace(DAY[0], title="New"), *DAY[2:], show("23:00", movie_id="F99")])
    told = reconcile(review=True)
    assert figures(told) == {"held": 2, "unchanged": 10}
    assert not MasterShow.objects.filter(title="New").exists()
    assert figures(reconcile()) == {"updated": 1, "inserted": 1, "unchanged": 10}


def test_kinds_that_are_not_applied_by_themselves_wait(settings: Settings) -> None:
    settings.POPFLIX_AUTO_APPLY = ("update",)
    in_master(DAY)
    load([replace(DAY[0], title="New"), *REST, show("23:00", movie_id="F99")])
    assert figures(reconcile()) == {"updated": 1, "held": 1, "unchanged": 11}
    assert changes(state="held") == [("insert", "held", "insert is not in POPFLIX_AUTO_APPLY")]


def test_what_a_person_rejected_stays_rejected_until_it_differs_otherwise() -> None:
    in_master(DAY)
    load([replace(DAY[0], title="New"), *REST])
    reconcile(review=True)
    Change.objects.update(state=ChangeState.REJECTED, decided_by="ada", reason="wrong")
    for _ in range(2):
        load([replace(DAY[0], title="New"), *REST])
        assert figures(reconcile()) == {"rejected": 1, "unchanged": 11}
    load([replace(DAY[0], title="Newer"), *REST])
    assert figures(reconcile()) == {"updated": 1, "unchanged": 11}


def test_one_cinema_alone_is_judged() -> None:
    load([*DAY, *OTHER])
    told = reconcile(cinemas=[4])
    assert (figures(told), told["staged"]) == ({"inserted": 12}, 12)
    assert set(MasterShow.objects.values_list("cinema_id", flat=True)) == {4}
    assert figures(reconcile()) == {"inserted": 12, "unchanged": 12}


# --- whom it works with --------------------------------------------------------------------------


def test_nothing_loaded_is_told() -> None:
    with pytest.raises(OperatorError, match=r"No feed of shows is loaded yet\. Run load_shows"):
        reconcile()


def test_a_source_that_somebody_works_on_is_left_alone() -> None:
    load(DAY)
    later = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    Source.objects.create(name="city", lease_token="load_shows, run 7 #a", lease_until=later)
    with pytest.raises(OperatorError, match=r"The feed city is busy: load_shows, run 7 works"):
        reconcile()


def test_the_newest_load_that_staging_shows_is_judged() -> None:
    load(DAY)
    Load.objects.create(source="city", where="x", state=LoadState.HELD, started_at=BEFORE)
    Load.objects.create(source="city", where="x", state=LoadState.FAILED, started_at=BEFORE)
    assert figures(reconcile()) == {"inserted": 12}
    assert SyncShow.objects.count() == 12
    assert without_ids(master()) == without_ids(DAY)


def test_every_count_adds_up() -> None:
    in_master([*DAY, *OTHER])
    mixed = [
        replace(DAY[0], title="New"), replace(DAY[1], show_time=at("10:40")), *DAY[3:],
        show("23:00", movie_id="F99"), *(replace(row, title="X") for row in OTHER),
    ]  # fmt: skip
    load(mixed)
    told = reconcile()
    require_identity(told)
    assert figures(told) == {
        "inserted": 1, "updated": 1, "moved": 1, "unchanged": 9, "held": 12,
    }  # fmt: skip
