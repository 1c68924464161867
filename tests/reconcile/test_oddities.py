"""What of a staged programme cannot be: found after reconciling, told, and holding nothing."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.console.home import needs
from popflix.engine.runner import run_in_foreground
from popflix.lib.command import StopRequest
from popflix.lib.errors import OperatorError
from reconcile.changes.models import Change, ChangeSet, ProgrammeWarning
from reconcile.changes.programme import check_here, checking
from reconcile.changes.programme.checking import UNIT, clean_params
from reconcile.changes.programme.oddities import warnings_for
from reconcile.changes.types import Row
from reconcile.feed.lease import held
from reconcile.feed.models import Load
from reconcile.shows.models import MasterShow, SyncShow
from tests.popflix.engine.fakes import FakeClock
from tests.reconcile.changes.rows import at, of_the_real_feed, show
from tests.reconcile.programme import BEFORE, in_master, load, made, reconcile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
CLASH = [
    show("10:00", title="Harbour Lights"),
    show("11:00", title="Night Train", movie_id="F2"),
    show("20:00", title="Harbour Lights"),
]
WORDS = "Night Train begins at 11:00 on AUDI 1, but Harbour Lights ends at 12:00"


def check(**params: Any) -> dict[str, Any]:
    """Run the unit here, as of before all shows."""
    given = {"now": BEFORE.isoformat(), **params}
    return dict(run_in_foreground(UNIT, given, stop=StopRequest()).result)


def told() -> list[str]:
    return list(ProgrammeWarning.objects.order_by("pk").values_list("words", flat=True))


def command(*options: str, exit_code: int = 0) -> str:
    out, ended = io.StringIO(), 0
    now = ("--now", BEFORE.isoformat())
    try:
        call_command("reconcile_shows", *now, *options, stdout=out, stderr=io.StringIO())
    except SystemExit as ending:
        ended = int(ending.code or 0)
    assert ended == exit_code, out.getvalue()
    return out.getvalue()


# --- what is found -------------------------------------------------------------------------------


def test_an_overlap_is_told_with_its_shows_and_the_day_of_the_cinema() -> None:
    staged = load(CLASH, zones={3: "Asia/Kolkata"})
    assert check()["warnings"] == 1
    [found] = ProgrammeWarning.objects.all()
    assert found.words == WORDS.replace("11:00", "16:30").replace("12:00", "17:30")
    assert (found.kind, found.cinema_id, found.load_id) == ("overlap", 3, staged.pk)
    ids = SyncShow.objects.order_by("show_time").values_list("pk", flat=True)
    assert found.sync_ids == list(ids[:2])
    assert found.day == dt.date(2026, 1, 31)


def test_each_load_is_looked_through_once_and_replaces_what_the_one_before_left() -> None:
    load(CLASH)
    assert check()["warnings"] == 1
    assert check() == {"sources": {}, "warnings": 0}
    assert told() == [WORDS]
    load(CLASH[1:])
    assert check()["warnings"] == 0
    assert told() == []
    assert not Load.objects.filter(checked_at=None).exists()


def test_shows_that_do_not_take_place_or_are_over_collide_with_none() -> None:
    load([CLASH[0], replace(CLASH[1], is_active="N")])
    assert check()["warnings"] == 0
    load(CLASH)
    assert check(now=at("11:30").isoformat())["warnings"] == 0


def test_a_show_that_is_on_still_collides_with_the_next() -> None:
    load(CLASH)
    assert check(now=at("10:30").isoformat())["warnings"] == 1


def test_the_length_of_a_film_is_taken_from_its_other_shows() -> None:
    load([replace(CLASH[0], length=None), *CLASH[1:]])
    assert check()["warnings"] == 1


def test_hours_are_learnt_from_the_shows_of_the_past() -> None:
    past = [show(f"{10 + n % 9}:00", day=-1 - n // 9) for n in range(60)]
    in_master(past)
    load([show("15:00"), show("03:30", movie_id="F3", title="Too Early")])
    assert check(now=at("00:00").isoformat())["warnings"] == 1
    assert told() == [
        "Too Early begins at 03:30 on AUDI 1; shows of this cinema begin between 10:00 and 18:00"
    ]


def test_a_feed_that_is_wrong_throughout_is_told_by_some_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "MOST_OF_CINEMA", 3)
    load([show(f"{10 + n}:00", movie_id=f"F{n}", length=7200) for n in range(8)])
    assert check()["warnings"] == 3
    assert told()[-1].endswith(". This cinema has 4 more: overlap 4")


def test_it_goes_on_where_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cinema by cinema; the ones before are not looked at again."""
    rows = [replace(row, cinema_id=pk) for pk in (3, 4, 5) for row in CLASH]
    load(rows)
    monkeypatch.setattr(checking, "ROWS_AT_ONCE", 3)
    seen: list[int] = []
    staged = checking._staged

    def stopping(scope: Any, cinemas: Any) -> Any:
        seen.extend(cinemas)
        if len(seen) == 2:
            stop.ask(15)
        return staged(scope, cinemas)

    stop = StopRequest()
    monkeypatch.setattr(checking, "_staged", stopping)
    given = {"now": BEFORE.isoformat()}
    first = run_in_foreground(UNIT, given, stop=stop)
    assert not Load.objects.exclude(checked_at=None).exists()
    sources: Any = first.result["sources"]
    assert (sources["city"]["after"], sources["city"]["warnings"]) == (4, 2)
    assert check()["warnings"] == 3
    assert len(told()) == 3


def test_a_parameter_that_is_none_is_named() -> None:
    with pytest.raises(OperatorError, match="There is no parameter source"):
        clean_params({"source": "city"})
    stored = clean_params({"now": "2026-01-28T10:00:00+05:30"})
    assert stored == {"now": "2026-01-28T04:30:00+00:00"} == clean_params(stored)


@pytest.mark.recordings
def test_the_recorded_programme_is_not_told_odd(recordings: Path) -> None:
    """Real screens are freed 16 min before the next show at least: the default lies below."""
    load(of_the_real_feed(recordings))
    assert check()["warnings"] == 0


# --- at the end of the command -------------------------------------------------------------------


def test_the_command_tells_how_many_after_the_promised_lines() -> None:
    load(CLASH)
    lines = command().splitlines()
    assert lines[3:] == ["Warnings: 1, see the admin's list of warnings."]
    assert json.loads(command("--json"))["warnings"] == 1
    assert json.loads(command("--json", "--dry-run"))["warnings"] is None
    assert MasterShow.objects.count() == 3, "nothing is held for it"


def test_a_large_load_is_left_to_the_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_here, "MOST_ROWS", 2)
    load(CLASH)
    assert json.loads(command("--json"))["warnings"] is None
    check()
    assert json.loads(command("--json"))["warnings"] == 1


def test_a_source_that_is_busy_keeps_no_other_waiting() -> None:
    load(CLASH[:1])
    load([replace(CLASH[0], cinema_id=4)], source="other")
    with held("city", "load_shows, run 7", FakeClock(dt.datetime.now(dt.UTC))):
        lines = command(exit_code=1).splitlines()
        found = json.loads(command("--json", exit_code=1))
    assert lines[1] == "Done. Inserted: 1, Updated: 0, Unchanged: 0"
    assert lines[-1].startswith("Not judged: The feed city is busy: load_shows, run 7 works on it")
    assert (list(found["sources"]), found["failed"][0]["source"]) == (["other"], "city")
    assert MasterShow.objects.get().cinema_id == 4
    assert json.loads(command("--json"))["failed"] == []


# --- beside changes, in its list and on home -----------------------------------------------------


def test_changes_are_told_what_is_odd_of_what_they_bring() -> None:
    in_master([CLASH[0], CLASH[2]])
    load(CLASH)
    reconcile()
    check()
    [change] = Change.objects.all()
    with CaptureQueriesContext(connection) as queries:
        assert warnings_for([change]) == {change.pk: [WORDS]}
    assert len(queries) == 1
    assert warnings_for([]) == {}


def test_a_first_load_is_told_by_its_days() -> None:
    load(
        [*CLASH, *(replace(row, show_time=row.show_time + dt.timedelta(days=1)) for row in CLASH)]
    )
    reconcile()
    check()
    with CaptureQueriesContext(connection) as queries:
        found = warnings_for(list(Change.objects.all()))
    assert len(queries) == 3, "one of them reads the changes"
    assert list(found.values()) == [[WORDS], [WORDS]]


def page(**query: str) -> str:
    client = Client()
    client.force_login(User.objects.create_superuser(f"ada{User.objects.count()}"))
    url = reverse("admin:reconcile_programmewarning_changelist")
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_links_to_the_shows_and_the_changes() -> None:
    load([replace(CLASH[1], title="<b>Night Train</b>"), CLASH[0]])
    reconcile()
    check()
    shown = page()
    assert "&lt;b&gt;Night Train&lt;/b&gt; begins at 11:00" in shown
    [found] = ProgrammeWarning.objects.all()
    for pk in found.sync_ids:
        assert reverse("admin:reconcile_syncshow_change", args=[pk]) in shown
    assert f"?set={ChangeSet.objects.get().pk}&amp;cinema=3" in shown


def test_the_list_is_narrowed_by_kind_cinema_and_load() -> None:
    load(CLASH)
    check()
    assert WORDS in page(kind="overlap", cinema="3", load="newest")
    assert WORDS not in page(kind="hours")
    assert WORDS not in page(cinema="4")
    load(CLASH)
    assert WORDS not in page(load="newest")
    assert WORDS in page(load="oldest")


def test_home_tells_of_overlaps_today_and_tomorrow_alone() -> None:
    load(CLASH)
    check()
    ada = User.objects.create_superuser("ada")

    def shown(now: dt.datetime) -> list[str]:
        found = [need.text for need in needs.needs(now, ada)]
        return [text for text in found if "overlap" in text]

    assert shown(at("09:00", day=-1)) == ["1 overlap on screens today or tomorrow"]
    assert shown(at("09:00", day=-2)) == shown(at("09:00", day=1)) == []


def test_a_row_of_master_that_is_staged_otherwise_is_no_matter() -> None:
    """What master has is applied history; only what is staged is looked at."""
    made(MasterShow, Row(0, "F9", 3, "AUDI 1", at("10:10"), "Other", length=90)).save()
    load(CLASH[:1])
    assert check()["warnings"] == 0
