"""Another time zone of a cinema: proposed, approved, carried out, and a feed that then agrees."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from popflix.engine.runner import run_in_foreground
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry, QuarantinedRow
from reconcile.changes.approval import carrying, deciding
from reconcile.changes.models import Change, ChangeSet, ChangeState, Purpose, SetState
from reconcile.changes.zone.zone_change import carry_out, propose_zone
from reconcile.feed.lease import held
from reconcile.feed.models import Cinema, Load, LoadSlice
from reconcile.shows.models import MasterShow, SyncShow
from tests.popflix.engine.fakes import FakeClock
from tests.reconcile.feed.loading import counts, load, told
from tests.reconcile.feed.made import row, write
from tests.reconcile.programme import figures, reconcile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

KOLKATA, BERLIN, LONDON = "Asia/Kolkata", "Europe/Berlin", "Europe/London"
WHY = "the feed of this cinema is in its own time"
NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def programme(path: Path, zone: str = KOLKATA, **facts: Any) -> Path:
    """Two cinemas in master, read as the wall clock of a zone."""
    shows = [row(n, cinema_id=cinema, **facts) for cinema in (1, 2) for n in range(8)]
    load(write(path, shows), "--time-zone", zone)
    reconcile()
    return path


def propose(zone: str, cinema: int = 1) -> ChangeSet | None:
    return propose_zone(cinema, zone, by="ada", why=WHY, clock=FakeClock(NOW))


def approve(change_set: ChangeSet) -> None:
    ids = [change_set.changes.values_list("pk", flat=True)[0]]
    deciding.decide(ids, deciding.Verdict.APPROVE, by="grace", why="right", now=NOW)


def apply(change_set: ChangeSet) -> None:
    run_in_foreground(
        "apply-changes", {"change_set": change_set.pk, "by": "grace"}, stop=StopRequest(),
        clock=FakeClock(NOW),
    )  # fmt: skip
    change_set.refresh_from_db()


def starts(model: Any, cinema: int = 1) -> list[dt.datetime]:
    rows = model.objects.filter(cinema_id=cinema).order_by("show_time")
    return list(rows.values_list("show_time", flat=True))


def require_true_counts() -> None:
    """A load's figures say what is staged."""
    newest = Load.objects.latest("pk")
    slices = LoadSlice.objects.filter(load=newest)
    assert newest.staged_count == SyncShow.objects.count()
    assert slices.aggregate(n=Sum("rows"))["n"] == newest.staged_count
    assert newest.read_count == (
        newest.staged_count + newest.merged_count + newest.quarantined_count
    )
    assert newest.first_show_at == min(SyncShow.objects.values_list("show_time", flat=True))


def test_nothing_changes_until_it_is_approved_and_then_all_of_it(tmp_path: Path) -> None:
    path = programme(tmp_path / "shows.json")
    before, ids = starts(MasterShow), set(MasterShow.objects.values_list("pk", flat=True))
    made = propose(BERLIN)
    assert made is not None
    assert (made.purpose, made.state, made.counts) == (
        Purpose.ZONE, SetState.OPEN, {"move": {"held": 8}},
    )  # fmt: skip
    assert (starts(SyncShow), starts(MasterShow)) == (before, before)
    approve(made)
    apply(made)
    assert (made.state, made.counts) == (SetState.APPLIED, {"move": {"applied": 8}})
    later = [each + dt.timedelta(hours=4, minutes=30) for each in before]
    assert starts(SyncShow) == starts(MasterShow) == later
    assert set(MasterShow.objects.values_list("pk", flat=True)) == ids
    assert starts(MasterShow, 2) == before
    assert Cinema.objects.get(pk=1).zone == BERLIN
    require_true_counts()
    # The same feed read again, in the zone that it is now, says nothing new.
    assert counts(told(path, "--time-zone", KOLKATA)) == (0, 0, 0)
    assert figures(reconcile()) == {"unchanged": 16}


def test_it_is_audited_with_who_and_why(tmp_path: Path) -> None:
    programme(tmp_path / "shows.json")
    made = propose(BERLIN)
    assert made is not None
    asked = AuditEntry.objects.get(action="propose time zone")
    assert (asked.actor_name, asked.why, asked.count) == ("ada", WHY, 8)
    approve(made)
    apply(made)
    done = AuditEntry.objects.get(action="set time zone")
    assert (done.actor_name, done.details) == ("grace", {"before": "", "after": BERLIN})


def test_rejecting_it_leaves_the_zone(tmp_path: Path) -> None:
    programme(tmp_path / "shows.json")
    made = propose(BERLIN)
    assert made is not None
    ids = list(made.changes.values_list("pk", flat=True))[:1]
    deciding.decide(ids, deciding.Verdict.REJECT, by="grace", why="wrong", now=NOW)
    made.refresh_from_db()
    assert made.state != SetState.OPEN
    assert not made.changes.exclude(state=ChangeState.REJECTED).exists()
    assert Cinema.objects.get(pk=1).zone == ""
    assert propose(BERLIN) is not None  # it may be asked for again


def test_carrying_it_out_twice_is_carrying_it_out_once(tmp_path: Path) -> None:
    programme(tmp_path / "shows.json")
    made = propose(BERLIN)
    assert made is not None
    carry_out(made, NOW)
    once = starts(SyncShow)
    carry_out(made, NOW)
    assert starts(SyncShow) == once
    assert AuditEntry.objects.filter(action="set time zone").count() == 1


def test_a_newer_load_in_between_is_read_anew_too(tmp_path: Path) -> None:
    path = programme(tmp_path / "shows.json")
    made = propose(BERLIN)
    assert made is not None
    shows = [row(n, cinema_id=cinema) for cinema in (1, 2) for n in range(1, 9)]
    load(write(path, shows), "--time-zone", KOLKATA)
    approve(made)
    apply(made)
    require_true_counts()
    assert counts(told(path, "--time-zone", KOLKATA)) == (0, 0, 0)


def test_a_row_that_was_edited_meanwhile_is_stale_and_stays(tmp_path: Path) -> None:
    programme(tmp_path / "shows.json")
    made = propose(BERLIN)
    assert made is not None
    edited = MasterShow.objects.filter(cinema_id=1).order_by("show_time")[0]
    MasterShow.objects.filter(pk=edited.pk).update(title="Mine")
    approve(made)
    apply(made)
    assert made.counts == {"move": {"applied": 7, "stale": 1}}
    edited.refresh_from_db()
    assert edited.title == "Mine"


def test_times_that_state_their_offset_stay_and_days_are_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "shows.json"
    late = "2026-01-28T20:30:00.000Z"
    load(write(path, [row(), row(1, movie_showTime=late)]))
    reconcile()
    before = starts(MasterShow)
    assert propose(KOLKATA) is None  # nothing to approve
    assert starts(MasterShow) == starts(SyncShow) == before
    days = LoadSlice.objects.order_by("day").values_list("day", "rows")
    assert list(days) == [(dt.date(2026, 1, 28), 1), (dt.date(2026, 1, 29), 1)]
    assert Cinema.objects.get().zone == KOLKATA
    assert counts(told(path)) == (0, 0, 0)
    assert figures(reconcile()) == {"unchanged": 2}


def test_what_the_new_clocks_leave_out_waits_in_quarantine(tmp_path: Path) -> None:
    """On 2026-03-29 Berlin's clocks go from 02:00 to 03:00, on 10-25 from 03:00 to 02:00."""
    path = tmp_path / "shows.json"
    gap, fold, noon = (
        row(movie_showTime=f"{each}:00.000Z", screen_name=each)
        for each in ("2026-03-29T02:30", "2026-10-25T02:30", "2026-10-25T12:00")
    )
    load(write(path, [gap, fold, noon]), "--time-zone", KOLKATA)
    reconcile()
    made = propose(BERLIN)
    assert made is not None
    assert made.counts == {"move": {"held": 2}}
    approve(made)
    apply(made)
    assert starts(SyncShow) == [
        dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 25, 11, tzinfo=dt.UTC),
    ]
    bad = QuarantinedRow.objects.get()
    assert "the clocks of Europe/Berlin leave out" in bad.reason
    assert json.loads(bad.raw)["movie_showTime"] == "2026-03-29T02:30:00"
    require_true_counts()
    found = told(path, "--time-zone", KOLKATA)
    assert (counts(found), found["quarantined"], found["folds"]) == ((0, 0, 0), 1, 1)


def test_what_waits_of_one_cinema_is_not_replaced_by_another_ones(tmp_path: Path) -> None:
    gap = "2026-03-29T02:30:00.000Z"
    shows = [row(movie_showTime=gap, cinema_id=cinema) for cinema in (1, 2)]
    load(write(tmp_path / "shows.json", [*shows, row(3, cinema_id=3)]), "--time-zone", KOLKATA)
    assert [propose(BERLIN), propose(BERLIN, 2)] == [None, None]  # master has none of them
    cinemas = [json.loads(each.raw)["cinema_id"] for each in QuarantinedRow.objects.all()]
    assert sorted(cinemas) == [1, 2]
    require_true_counts()


def test_shows_may_take_each_others_places(tmp_path: Path) -> None:
    """Every show moves by an hour, onto the key of the next one."""
    path = tmp_path / "shows.json"
    shows = [row(movie_showTime=f"2026-01-28T{hour}:00:00.000Z") for hour in range(10, 20)]
    load(write(path, shows), "--time-zone", BERLIN)
    reconcile()
    before = starts(MasterShow)
    made = propose(LONDON)
    assert made is not None
    approve(made)
    apply(made)
    assert (
        starts(MasterShow) == starts(SyncShow) == [each + dt.timedelta(hours=1) for each in before]
    )
    assert made.counts == {"move": {"applied": 10}}


@pytest.mark.parametrize("size", [1, 3, 4])
@pytest.mark.parametrize("zones", [(BERLIN, LONDON), (LONDON, BERLIN)], ids=["later", "earlier"])
def test_shows_that_take_each_others_places_may_be_applied_in_any_batches(
    tmp_path: Path, size: int, zones: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place may be left in a later batch only: the show that shall have it waits for that."""
    made, before = hourly(tmp_path, *zones)
    monkeypatch.setattr(carrying, "BATCH_ROWS", size)
    approve(made)
    apply(made)
    assert made.counts == {"move": {"applied": 10}}
    assert starts(MasterShow) == starts(SyncShow)
    assert starts(MasterShow) != before
    [reason] = set(made.changes.values_list("reason", flat=True))
    assert "the time zone of" in reason


def test_a_place_that_is_taken_holds_up_those_alone_that_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = hourly(tmp_path, BERLIN, LONDON, screens=("AUDI 1", "AUDI 2"))
    monkeypatch.setattr(carrying, "BATCH_ROWS", 3)
    last = MasterShow.objects.filter(screen_name="AUDI 1").latest("show_time")
    last.pk, last.show_time = None, last.show_time + dt.timedelta(hours=1)
    last.save(force_insert=True)
    approve(made)
    apply(made)
    assert made.counts == {"move": {"applied": 10, "stale": 10}}
    stale = made.changes.filter(state="stale")
    assert set(stale.values_list("reason", flat=True)) == {"another row of master has this key"}
    rows = MasterShow.objects.filter(pk__in=stale.values("master_id"))
    assert set(rows.values_list("screen_name", flat=True)) == {"AUDI 1"}


def hourly(
    folder: Path, before: str, after: str, screens: Sequence[str] = ("AUDI 1",)
) -> tuple[ChangeSet, list[dt.datetime]]:
    """A film hour by hour, whose shows all move by an hour with the other zone."""
    shows = [
        row(movie_showTime=f"2026-01-28T{hour}:00:00.000Z", screen_name=screen)
        for screen in screens
        for hour in range(10, 20)
    ]
    load(write(folder / "shows.json", shows), "--time-zone", before)
    reconcile()
    made = propose(after)
    assert made is not None
    return made, starts(MasterShow)


@pytest.mark.parametrize(
    ("cinema", "zone", "words"),
    [
        (1, "Mars/North", "is no time zone"),
        (1, "", "its feed's already"),
        (7, BERLIN, "no such cinema"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, cinema: int, zone: str, words: str) -> None:
    programme(tmp_path / "shows.json")
    with pytest.raises(OperatorError, match=words):
        propose(zone, cinema)


def test_a_cinema_waits_for_one_word_at_a_time(tmp_path: Path) -> None:
    programme(tmp_path / "shows.json")
    made = propose(BERLIN)
    assert made is not None
    with pytest.raises(OperatorError, match=f"Change set {made.pk} already asks"):
        propose(LONDON)
    assert propose(LONDON, 2) is not None


def test_nobody_interferes_with_a_feed_that_is_at_work(tmp_path: Path) -> None:
    programme(tmp_path / "shows.json")
    with (
        held("default", "load_shows, run 5", FakeClock(NOW)),
        pytest.raises(OperatorError) as told,
    ):
        propose(BERLIN)
    assert "load_shows, run 5 works on it" in str(told.value)
    assert not Change.objects.filter(change_set__purpose=Purpose.ZONE).exists()
