"""The card of events, and the runs of the last days."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from popflix.console.home import views
from popflix.console.home.history import columns
from popflix.engine.models import Event, Run
from tests.popflix.console.clock import FakeClock

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = FakeClock().at + dt.timedelta(days=19)  # 20 March


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Home is looked at NOW: no time passes between a row and the look at it."""
    fake = FakeClock()
    fake.at = NOW
    monkeypatch.setattr(views, "SYSTEM_CLOCK", fake)


def card(client: Client, name: str = "events") -> str:
    answer = client.get(reverse("console_panel", args=[name]))
    assert answer.status_code == 200
    return answer.content.decode()


def lines(client: Client) -> list[str]:
    found = re.findall(r"<li>(.*?)</li>", card(client), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


def event(kind: str = "note", **values: object) -> Event:
    usual = {"unit": "greet", "at": NOW, "payload": {"text": "hello"}}
    made: Event = Event.objects.create(kind=kind, **usual | values)
    return made


def run(at: dt.datetime = NOW, status: str = "completed", **values: object) -> Run:
    made: Run = Run.objects.create(
        unit="greet", status=status, trigger="command", queued_at=at, **values
    )
    Event.objects.create(run=made, unit="greet", kind="queued", at=at)
    return made


# --- events -----------------------------------------------------------------------------------


def test_the_newest_event_stands_first(operator: Client) -> None:
    event(payload={"text": "one"})
    event(payload={"text": "two"})
    assert [line.split()[-1] for line in lines(operator)] == ["two", "one"]


def test_that_a_long_run_had_its_turn_fills_no_card(operator: Client) -> None:
    made, other = run(), run()
    event("start", run=made, payload={"host": "vm"})
    for each in (made, other):
        event("waiting", run=each, payload={"why": "lets other runs pass"})
        event("resume", run=each, payload={"host": "vm", "pid": 17})
    event("waiting", run=made, payload={"why": "TMDB answered 429"})
    event("resume", run=made, payload={"host": "vm", "pid": 17})
    told = " ".join(lines(operator))
    assert "lets other runs pass" not in told
    assert "TMDB answered 429" in told
    assert (told.count("Resume"), told.count("Start")) == (1, 1)


def test_an_event_tells_its_second_and_the_exact_time_behind(operator: Client) -> None:
    made = event()
    local = made.at.astimezone(timezone.get_current_timezone())
    assert lines(operator)[0].startswith(f"{local:%H:%M:%S} Note greet: hello")
    assert f'title="{local:%Y-%m-%d %H:%M:%S %Z}"' in card(operator)


def test_an_event_of_another_day_tells_its_date(operator: Client) -> None:
    event(at=dt.datetime(2026, 3, 1, 12, 5, tzinfo=dt.UTC))
    assert lines(operator)[0].startswith("1 Mar 12:05 ")


def test_an_event_leads_to_its_run(operator: Client) -> None:
    made = run(done_count=5, failed_count=1)
    event("complete", run=made, payload={}, milestone_id="unit.greet.completed")
    assert lines(operator)[0].endswith("Complete greet : 5 done, 1 failed")
    assert reverse("admin:engine_run_change", args=[made.pk]) in card(operator)


def test_who_may_not_look_at_runs_is_led_to_none() -> None:
    made = run()
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_event"))
    client = Client()
    client.force_login(user)
    assert reverse("admin:engine_run_change", args=[made.pk]) not in card(client)


def test_what_an_event_tells_is_no_html(operator: Client) -> None:
    event(payload={"text": "<b>bold</b>"}, unit="")
    assert "&lt;b&gt;bold" in card(operator)


def test_a_new_site_says_what_will_appear(operator: Client) -> None:
    assert "Nothing has happened yet." in card(operator)


# --- runs over 14 days ------------------------------------------------------------------------


def test_runs_are_counted_by_day_and_by_how_they_ended() -> None:
    for ago, status in ((14, "error"), (13, "completed"), (3, "completed"), (3, "completed"),
                        (0, "completed"), (0, "error"), (0, "lost")):  # fmt: skip
        run(NOW - dt.timedelta(days=ago), status)
    found = columns(NOW)
    assert len(found) == 14
    assert found[0] == ("7 Mar", 1, 0)
    assert found[10] == ("17 Mar", 2, 0)
    assert found[13] == ("20 Mar", 1, 2)
    assert sum(good + bad for _, good, bad in found) == 6


def test_what_has_not_ended_or_was_cancelled_is_not_counted() -> None:
    run(status="running", active_key="greet:0")
    run(status="cancelled")
    assert sum(good + bad for _, good, bad in columns(NOW)) == 0


def test_the_parts_of_a_run_are_not_counted_beside_it() -> None:
    run(parent=run())
    assert columns(NOW)[13] == ("20 Mar", 1, 0)


def test_a_day_begins_in_the_zone_of_the_site() -> None:
    run(dt.datetime(2026, 3, 19, 20, tzinfo=dt.UTC))
    run(dt.datetime(2026, 3, 19, 22, tzinfo=dt.UTC))
    with timezone.override("Asia/Kolkata"):  # midnight is 18:30 UTC
        assert columns(NOW)[13] == ("20 Mar", 2, 0)
    assert columns(NOW)[12] == ("19 Mar", 2, 0)


def test_an_event_of_an_old_run_does_not_move_the_days() -> None:
    old = run(NOW - dt.timedelta(days=5))
    run()
    event("note", run=old, at=NOW)
    assert columns(NOW)[8:] == [
        ("15 Mar", 1, 0), ("16 Mar", 0, 0), ("17 Mar", 0, 0), ("18 Mar", 0, 0),
        ("19 Mar", 0, 0), ("20 Mar", 1, 0),
    ]  # fmt: skip


def test_without_any_run_there_are_empty_days(operator: Client) -> None:
    assert [good + bad for _, good, bad in columns(NOW)] == [0] * 14
    assert "Runs over 14 days" in card(operator, "history")
