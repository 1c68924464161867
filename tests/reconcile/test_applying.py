"""Applying a change set: edits in between, taken keys, kills, hand-overs."""

from __future__ import annotations

import datetime as dt
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from popflix.engine.models import Run, RunStatus
from popflix.engine.runner import execute
from popflix.engine.starting import enqueue
from popflix.lib.command import StopRequest
from reconcile.changes.judging import judge
from reconcile.changes.judging.wish import UNIT
from reconcile.changes.master.apply import apply_approved
from reconcile.changes.models import Change, ChangeSet, SetState
from reconcile.changes.types import Row
from reconcile.feed.lease import Lease
from reconcile.feed.models import Source
from reconcile.shows.models import MasterShow
from tests.popflix.engine.fakes import FakeClock
from tests.reconcile.changes.rows import show
from tests.reconcile.programme import (
    BEFORE,
    figures,
    in_master,
    load,
    made,
    master,
    reconcile,
    require_identity,
    titles,
    without_ids,
)
from tests.site import Site

DAY = [show(f"{10 + n // 2}:{30 * (n % 2):02}", movie_id=f"F{n}", title=f"Film {n}")
       for n in range(12)]  # fmt: skip


class Killed(BaseException):
    """Like a kill: nothing of ours catches it."""


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """`act` happens once the change set is stored, before the first of it is applied."""

    def late(*arguments: Any) -> bool:
        act()
        return apply_approved(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "apply_approved", late)
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_a_row_that_was_edited_since_is_stale_and_taken_anew_next_time() -> None:
    old = in_master(DAY)
    load([replace(DAY[0], title="New"), replace(DAY[1], rating="A"), *DAY[2:]])
    edited = MasterShow.objects.filter(pk=old[0].id)
    with meanwhile(lambda: edited.update(rating="by hand")):
        told = reconcile()
    require_identity(told)
    assert figures(told) == {"updated": 1, "stale": 1, "unchanged": 10}
    assert master()[0] == replace(old[0], rating="by hand")
    assert Change.objects.get(state="stale").reason == "the master row was edited since"
    assert figures(reconcile()) == {"updated": 1, "unchanged": 11}


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_a_show_that_somebody_added_meanwhile_is_not_added_twice() -> None:
    in_master(DAY)
    new = [show("22:00", movie_id="F90"), show("23:00", movie_id="F91")]
    load([*DAY, *new])
    with meanwhile(lambda: made(MasterShow, replace(new[0], title="By hand")).save()):
        told = reconcile()
    assert figures(told) == {"inserted": 1, "stale": 1, "unchanged": 12}
    assert titles(master())[-2:] == ["By hand", "Harbour Lights"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_a_first_load_leaves_what_somebody_added_meanwhile() -> None:
    load(DAY)
    with meanwhile(lambda: made(MasterShow, replace(DAY[0], title="By hand")).save()):
        told = reconcile()
    require_identity(told)
    assert figures(told) == {"inserted": 11, "stale": 1}
    assert titles(master())[0] == "By hand"


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_a_place_that_somebody_took_meanwhile_is_not_moved_into() -> None:
    old = in_master(DAY)
    one, two = replace(DAY[0], screen_name="AUDI 8"), replace(DAY[1], screen_name="AUDI 9")
    load([one, two, *DAY[2:]])
    with meanwhile(lambda: made(MasterShow, one).save()):
        told = reconcile()
    assert figures(told) == {"moved": 1, "stale": 1, "unchanged": 10}
    places = dict(MasterShow.objects.values_list("pk", "screen_name"))
    assert (places[old[0].id], places[old[1].id]) == ("AUDI 1", "AUDI 9")


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
@pytest.mark.parametrize("is_first", [True, False], ids=["first-load", "changes"])
def test_a_run_that_breaks_off_twice_comes_to_the_same_end(
    is_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = _mixed(is_first)
    for commits in (2, 3):
        with monkeypatch.context() as patch:
            patch.setattr(Lease, "prolong", _killing(commits))
            with pytest.raises(Killed):
                reconcile(batch_size=2)
        assert not ChangeSet.objects.filter(state=SetState.APPLIED).exists()
    told = reconcile(batch_size=2)
    require_identity(told)
    assert without_ids(master()) == without_ids(wanted)
    states = list(ChangeSet.objects.order_by("pk").values_list("state", flat=True))
    assert (states[-1], set(states[:-1])) == (SetState.APPLIED, {SetState.CLOSED})
    left = Change.objects.exclude(state="applied").exclude(change_set__state=SetState.APPLIED)
    assert not left.exists(), "what a broken set left undone is the next one's"


def _mixed(is_first: bool) -> list[Row]:
    """Staging as wanted; master empty or with other titles in a cinema of several days."""
    wanted = [replace(row, show_time=row.show_time + dt.timedelta(days=day))
              for day in range(6) for row in DAY]  # fmt: skip
    if not is_first:
        in_master([replace(row, title="Old") if n % 6 == 0 else row
                   for n, row in enumerate(wanted)])  # fmt: skip
    load(wanted)
    return wanted


def _killing(after: int) -> Callable[[Lease], None]:
    left = iter(range(after))

    def prolong(self: Lease) -> None:
        if next(left, None) is None:
            raise Killed

    return prolong


@pytest.mark.django_db(transaction=True)
def test_a_queue_run_that_hands_over_goes_on_and_counts_each_row_once() -> None:
    wanted = _mixed(False)
    clock = FakeClock()
    run = enqueue(UNIT, {"now": BEFORE.isoformat(), "batch_size": 1}, trigger="admin", clock=clock)

    def passing(self: Lease) -> None:
        clock(20)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lease, "prolong", passing)
        for _ in range(40):
            execute(run.pk, clock=clock, longest_seconds=30)
            run.refresh_from_db()
            if run.status == RunStatus.COMPLETED:
                break
            clock(5)
    assert run.status == RunStatus.COMPLETED
    assert figures(run.result) == {"updated": 12, "unchanged": 60}
    assert run.result["staged"] == 72
    assert without_ids(master()) == without_ids(wanted)
    assert ChangeSet.objects.filter(state=SetState.CLOSED).exists(), "it did hand over"


@pytest.mark.django_db(transaction=True)
def test_a_signal_ends_it_between_two_batches_and_the_rest_comes_next_time() -> None:
    _mixed(False)
    stop = StopRequest()

    def ask(self: Lease) -> None:
        stop.ask(signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lease, "prolong", ask)
        told = reconcile(batch_size=1, stop=stop)
    assert told["updated"] < 12
    assert Run.objects.get().status == RunStatus.CANCELLED
    assert Source.objects.get().lease_token == ""
    assert reconcile()["updated"] == 12 - told["updated"]


# --- a real kill ---------------------------------------------------------------------------------


@pytest.mark.either
def test_kill_nine_while_it_applies_leaves_no_doubt(site: Site, tmp_path: Path) -> None:
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps({"data": {"allShows": _feed(cinemas=120, shows=5)}}))
    site.manage("load_shows", str(feed))
    for _ in range(2):
        further = _count(site) + 20  # on a fast machine the kill before came late
        process = site.popen("reconcile_shows", "--batch-size", "1", "--now", "2026-01-01")
        _wait_for(partial(_has_applied, site, further))
        process.kill()
        process.communicate()
        assert _count(site) < 600, "it was killed in the middle"
        assert not site.sql("SELECT id FROM reconcile_changeset WHERE state = 'applied'")
    told = site.json("reconcile_shows", "--now", "2026-01-01")
    assert told["inserted"] + told["unchanged"] == told["staged"] == _count(site) == 600
    states = [state for (state,) in site.sql("SELECT state FROM reconcile_changeset ORDER BY id")]
    assert states == ["closed", "closed", "applied"]
    assert site.json("reconcile_shows")["unchanged"] == 600


def _feed(cinemas: int, shows: int) -> list[dict[str, object]]:
    return [
        {
            "movie_ID": f"F{n}", "cinema_id": cinema, "screen_name": "A", "is_active": "Y",
            "movie_title": f"Film {n}", "movie_showTime": f"2026-01-31T{10 + n}:00:00Z",
        }
        for cinema in range(1, cinemas + 1) for n in range(shows)
    ]  # fmt: skip


def _count(site: Site) -> int:
    return int(site.sql("SELECT COUNT(*) FROM MasterShow")[0][0])


def _has_applied(site: Site, least: int) -> bool:
    return _count(site) >= least


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came so far"
        time.sleep(0.005)
