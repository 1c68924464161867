"""The card of units: what each does, how fast, and which actions are on offer to whom."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from popflix.console.home import rates, units, views
from popflix.engine import pauses
from popflix.engine.models import Run, RunSample, Schedule
from popflix.engine.registry import Mode, Timetable, Unit, registry
from popflix.lib.errors import OperatorError
from popflix.lib.limiter.survey import BucketView
from tests.popflix.console.clock import FakeClock

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = FakeClock().at


def picky(params: object) -> dict[str, object]:
    raise OperatorError("A file is needed.", "Name one.")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Home is looked at NOW: no time passes between a row and the look at it."""
    monkeypatch.setattr(views, "SYSTEM_CLOCK", FakeClock())


@pytest.fixture(autouse=True)
def some_units() -> Iterator[None]:
    made = [
        Unit(
            "greet",
            lambda ctx: None,
            2,
            title="Greeting",
            bucket="post",
            timetable=Timetable(every_seconds=900),
        ),
        Unit("load", lambda ctx: None, clean_params=picky),
        Unit("sweep", lambda ctx: None, is_housekeeping=True),
        Unit("crowd", lambda ctx: None, 2, mode=Mode.SPREAD),
    ]
    for unit in made:
        registry.register(unit)
    yield
    for unit in made:
        registry.release(unit.name)


def member(codenames: set[str]) -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def card(client: Client) -> str:
    answer = client.get(reverse("console_panel", args=["units"]))
    assert answer.status_code == 200
    return answer.content.decode()


def row(client: Client, unit: str) -> str:
    """The words of one row, and its controls by id."""
    rows = re.findall(r"<tr>.*?</tr>", card(client), re.DOTALL)
    found = next((each for each in rows if f'id="unit-{unit}"' in each), "")
    ids = re.findall(r'id="(do-\w+)-', found)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split()) + f" {ids}"


def run(status: str = "running", seconds: float = 100, **values: Any) -> Run:
    """A run that began so many seconds ago."""
    at = NOW - dt.timedelta(seconds=seconds)
    unit, slot = values.pop("unit", "greet"), values.pop("slot", 0)
    is_active = status in ("queued", "running", "waiting")
    key = f"{unit}:{slot}" if is_active else None
    end = {} if is_active else {"finished_at": NOW}
    made: Run = Run.objects.create(
        unit=unit, slot=slot, active_key=key, status=status, trigger="command",
        queued_at=at, started_at=at, **end, **values,
    )  # fmt: skip
    return made


def sample(run: Run, seconds: float, done: int) -> None:
    at = NOW - dt.timedelta(seconds=seconds)
    RunSample.objects.create(run=run, at=at, done_count=done, failed_count=0)


# --- what is told -----------------------------------------------------------------------------


def test_a_unit_that_has_never_run_says_so(operator: Client) -> None:
    assert row(operator, "greet").startswith("greet Greeting Idle Has not run yet")


def test_a_run_at_work_shows_how_far_it_is_and_what_is_left(operator: Client) -> None:
    made = run(done_count=60, total_count=260, seconds=20)
    told = row(operator, "greet")
    assert f"1 of 2 slots, run {made.pk} Running 60 of 260" in told
    assert "3.0 /s" in told
    assert "67 s left" in told


def test_the_rate_is_that_of_the_last_seconds_and_not_of_the_whole_run(operator: Client) -> None:
    made = run(done_count=1000, total_count=2000, seconds=500)
    sample(made, 400, 900)
    sample(made, 20, 960)
    assert "2.0 /s" in row(operator, "greet")


def test_a_run_that_stores_nothing_any_more_has_no_rate(operator: Client) -> None:
    sample(run(done_count=1000, total_count=2000, seconds=500), 100, 1000)
    assert "/s" not in row(operator, "greet")


def test_the_rate_of_a_unit_is_that_of_all_its_runs(operator: Client) -> None:
    sample(run(done_count=100, seconds=500), 20, 60)
    sample(run(done_count=90, seconds=500, slot=1), 10, 80)
    told = row(operator, "greet")
    assert "3.0 /s" in told
    assert "and 1 more" in told


def test_a_run_in_several_slots_is_told_as_one(operator: Client) -> None:
    parent = run(unit="crowd", mode=Mode.SPREAD, total_count=100)
    for slot in (1, 2):
        run(unit="crowd", slot=slot, parent=parent, done_count=20, seconds=20)
    told = row(operator, "crowd")
    assert f"run {parent.pk} Running 40 of 100" in told
    assert "more" not in told
    assert "2.0 /s" in told


def test_what_is_allowed_stands_beside_the_rate(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "survey", lambda: [BucketView("post", 19.2055, 38, "429")])
    run(done_count=60, seconds=20)
    assert "3.0 /s of 19.2 allowed" in row(operator, "greet")


def test_a_limiter_that_cannot_be_read_hides_nothing_else(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[BucketView]:
        raise ConnectionError("Redis is away")

    monkeypatch.setattr(rates, "survey", broken)
    run(done_count=60, seconds=20)
    told = row(operator, "greet")
    assert "3.0 /s" in told
    assert "allowed" not in told


def test_a_run_that_waits_says_why_and_has_no_rate(operator: Client) -> None:
    run("waiting", wait_reason="TMDB answered 429", done_count=300, total_count=500)
    told = row(operator, "greet")
    assert "Waiting 300 of 500 TMDB answered 429" in told
    assert "/s" not in told


def test_a_run_that_nobody_has_taken_is_queued(operator: Client) -> None:
    run("queued")
    assert "Queued" in row(operator, "greet")


def test_a_pause_says_who_and_why(operator: Client) -> None:
    pauses.pause("greet", by="anna", why="the feed is cut", now=NOW)
    assert "Paused by anna: the feed is cut" in row(operator, "greet")


def test_a_failure_says_what_went_wrong_and_leads_to_its_run(operator: Client) -> None:
    made = run("error", error="ValueError: odd\nline two")
    assert f"Error ValueError: odd line two run {made.pk} ended" in row(operator, "greet")
    assert reverse("admin:engine_run_change", args=[made.pk]) in card(operator)


def test_a_unit_at_rest_says_when_it_starts_next(operator: Client) -> None:
    later = NOW + dt.timedelta(minutes=18, seconds=30)
    Schedule.objects.bulk_create([Schedule(unit="greet", cron="0 4 * * *", next_at=later)])
    assert "Has not run yet, next in 18 min" in row(operator, "greet")


def test_housekeeping_at_rest_is_one_line(operator: Client) -> None:
    assert "sweep" in card(operator)
    assert row(operator, "sweep") == " []"
    run("error", unit="sweep", error="ValueError: odd")
    assert "odd" in row(operator, "sweep")


def test_where_there_is_room_housekeeping_has_its_rows(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "_ROOM", 50)
    assert row(operator, "sweep").endswith("['do-ask', 'do-pause']")


def test_the_titles_of_units_are_not_cut_off() -> None:
    """The first column is a fifth of its card: about as many letters stand in a line."""
    assert not [each.title for each in registry.units() if len(each.title) > 22]


# --- what is on offer -------------------------------------------------------------------------


def test_at_rest_a_unit_may_be_started_or_held(operator: Client) -> None:
    assert row(operator, "greet").endswith("['do-run', 'do-pause']")


def test_at_work_a_unit_may_be_held(operator: Client) -> None:
    run()
    assert row(operator, "greet").endswith("['do-pause']")


def test_paused_a_unit_may_be_released(operator: Client) -> None:
    pauses.pause("greet", by="anna", why="so", now=NOW)
    assert row(operator, "greet").endswith("['do-resume']")


def test_what_needs_parameters_is_started_by_the_form_on_its_page(operator: Client) -> None:
    assert row(operator, "load").endswith("['do-ask', 'do-pause']")
    assert f'href="{reverse("console_unit", args=["load"])}#run"' in card(operator)


@pytest.mark.parametrize(
    ("codenames", "offered"),
    [
        ({"view_run"}, "[]"),
        ({"view_run", "run_unit"}, "['do-run']"),
        ({"view_run", "pause_unit"}, "['do-pause']"),
    ],
    ids=["viewer", "may run", "may pause"],
)
def test_an_account_is_offered_what_it_may_do(codenames: set[str], offered: str) -> None:
    assert row(member(codenames), "greet").endswith(offered)


def test_a_button_leads_back_to_the_page_and_not_to_the_part(operator: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/?x=1"}
    answer = operator.get(reverse("console_panel", args=["units"]), headers=headers)
    assert 'name="next" value="/admin/?x=1"' in answer.content.decode()


def test_run_now_starts_the_unit_and_leads_home(operator: Client) -> None:
    answer = operator.post(reverse("console_unit_run", args=["greet"]), {"next": "/admin/"})
    assert answer.headers["Location"] == "/admin/"
    assert Run.objects.filter(unit="greet").count() == 1


def test_units_without_rows_are_still_shown(operator: Client) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(units, "registry", type(registry)())
        assert "There are no units." in card(operator)
