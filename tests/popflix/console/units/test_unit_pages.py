"""The pages of units: what they tell, to whom, how they follow, and with how many queries."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.console.units import look
from popflix.engine import pauses, registry
from popflix.engine.models import Run, Schedule, Supervisor
from popflix.engine.models.pauses import Holder
from popflix.lib.clock import SYSTEM_CLOCK
from tests.popflix.console.units.conftest import Member

pytestmark = pytest.mark.django_db
LIST, HERE = "/admin/console/units/", "/admin/console/units/greet/"
MINUTE = dt.timedelta(minutes=1)


def page(client: Client, url: str = HERE, **query: str) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def look_again(client: Client, **query: str) -> str:
    """As htmx asks, with what it knows."""
    return client.get(HERE, query, headers={"HX-Request": "true"}).content.decode()


def known(text: str) -> dict[str, str]:
    return dict(re.findall(r"(held|seen)=(\w+)", text))


def ended(status: str = "completed", **values: Any) -> Run:
    start = SYSTEM_CLOCK.now() - 10 * MINUTE
    usual = {"started_at": start, "finished_at": start + MINUTE, "done_count": 1200}
    return Run.objects.create(
        unit="greet", status=status, trigger="command", queued_at=start, **(usual | values)
    )


def at_work(**values: Any) -> Run:
    now = SYSTEM_CLOCK.now()
    usual = {"status": "running", "slot": 0, "active_key": "greet:0", "started_at": now}
    return Run.objects.create(unit="greet", trigger="command", queued_at=now, **(usual | values))


def hold(**values: Any) -> None:
    usual: dict[str, Any] = {
        "by": "anna", "why": "the disk is <full>", "now": SYSTEM_CLOCK.now(),
    }  # fmt: skip
    pauses.pause("greet", **(usual | values))


def row(text: str) -> str:
    """The line of the unit in the list."""
    return text.partition('id="unit-greet"')[2].partition("</tr>")[0]


# --- all of them --------------------------------------------------------------------------------


def test_the_list_tells_of_each_unit_what_it_is_for_and_what_it_does(operator: Client) -> None:
    run = ended("error", error="ValueError: odd")
    text = page(operator, LIST)
    for told in ("Greetings: Say hello to each guest.", "0 of 1", f"#{run.pk}</a>", "ValueError"):
        assert told in text
    assert "Not shown" not in text
    assert f'action="{HERE}run/"' in text
    hold()
    text = page(operator, LIST)
    assert "By anna: the disk is &lt;full&gt;" in text
    assert f'action="{HERE}resume/"' in text
    assert f'action="{HERE}run/"' not in text


def test_the_list_stands_in_the_menu_for_who_may_look(operator: Client, member: Member) -> None:
    assert f'href="{LIST}"' in page(operator, reverse("admin:index"))
    assert member("view_schedule").get(LIST).status_code == 403


def test_the_list_says_that_nobody_works(operator: Client) -> None:
    assert "No worker is running." in page(operator, LIST)
    now = SYSTEM_CLOCK.now()
    Supervisor.objects.create(host="vm", pid=17, workers=2, started_at=now, beat_at=now)
    assert "No worker is running." not in page(operator, LIST)


def test_the_list_names_no_firing_of_a_unit_that_is_held(operator: Client) -> None:
    Schedule.objects.create(unit="greet", every_seconds=900)
    assert "once resumed" not in row(page(operator, LIST))
    hold()
    assert "once resumed" in row(page(operator, LIST))


@pytest.mark.parametrize("url", [LIST, HERE], ids=["list", "page"])
def test_a_unit_whose_runs_all_wait_is_said_to_wait(operator: Client, url: str) -> None:
    at_work(status="waiting", wait_reason="TMDB answered 429", pid=17)
    text = page(operator, url)
    assert "</svg>Running</span>" not in text
    assert "</svg>Waiting</span>" in text


def test_who_may_only_look_finds_no_button(member: Member) -> None:
    client = member("view_run")
    for url in (LIST, HERE):
        text = page(client, url)
        assert f'action="{HERE}' not in text
    assert "Your account may look at it." in page(client)


# --- one of them --------------------------------------------------------------------------------


def test_a_page_tells_what_keeps_the_unit_still(operator: Client) -> None:
    hold()
    check_at = SYSTEM_CLOCK.now() + 3 * MINUTE
    hold(holder=Holder.MACHINE, by="run 7", why="no key", condition="key-works", check_at=check_at)
    text = page(operator)
    assert "Paused by anna" in text
    assert "the disk is &lt;full&gt;" in text
    assert "It stays so until somebody resumes it." in text
    assert "once <code>key-works</code> holds" in text
    assert 'id="resume-why"' in text
    assert 'id="pause"' not in text


@pytest.mark.parametrize("said", ["the key is missing", "the key is missing."], ids=["", "stop"])
def test_a_page_tells_why_no_schedule_starts_the_unit(operator: Client, said: str) -> None:
    made = registry.registry.release("greet")
    broken = registry.Unit("greet", made.body, ready=lambda: said)
    registry.registry.register(broken)
    assert "No schedule starts it now: the key is missing.</p>" in page(operator)


def test_a_page_shows_the_runs_at_work_and_those_that_ended(operator: Client) -> None:
    well, badly = ended(), ended("error", error="ValueError: <b>odd</b>", failed_count=3)
    now = at_work(done_count=25, total_count=100, wait_reason="TMDB answered 429")
    text = page(operator)
    assert 'aria-valuetext="25 of 100"' in text
    assert "TMDB answered 429" in text
    assert "1 of 1 slot taken" in text
    for run in (well, badly, now):
        assert f'href="{reverse("admin:engine_run_change", args=[run.pk])}"' in text
    assert "ValueError: &lt;b&gt;odd" in text
    assert "1,200" in text
    assert f"#{badly.pk}: 1,197, 3 failed" in text
    assert f'id="past-{now.pk}"' not in text


def test_a_unit_that_never_ran_says_how_it_is_started(operator: Client) -> None:
    text = page(operator)
    assert "No run has ended yet." in text
    assert "Nothing starts it by itself." in text


def test_a_page_tells_five_firings_of_each_schedule_in_its_zone(operator: Client) -> None:
    Schedule(unit="greet", cron="0 4 * * *", time_zone="Asia/Tokyo", jitter_seconds=120).save()
    Schedule(unit="greet", every_seconds=900, params={"limit": 5}).save()
    text = page(operator)
    assert text.count(" JST</span>") == 5
    assert text.count(" UTC</span>") == 5
    assert "0 4 * * * in Asia/Tokyo" in text
    assert "every 15 min" in text
    assert "with limit=5" in text
    assert "Each firing comes up to 2 min later." in text


def test_a_declared_timetable_says_whether_an_operator_changed_it(operator: Client) -> None:
    row = {"every_seconds": 900, "origin": "code", "declared_unit": "greet"}
    Schedule.objects.bulk_create([Schedule(unit="greet", declared_as="|900|UTC|0", **row)])
    assert "As the code declares it" in page(operator)
    Schedule.objects.update(every_seconds=60)
    assert "Changed by an operator" in page(operator)


def test_a_page_names_the_parameters_and_how_failures_are_retried(operator: Client) -> None:
    text = page(operator)
    assert "<code>limit</code>" in text
    assert "<code>size=100</code>" in text
    assert "is tried 3 times in all" in text


def test_a_page_counts_the_unit_s_own_dead_letters_up_to_a_cap(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "None" in page(operator)
    ended("error", error="ValueError: odd")
    ended("lost", error="Its process died.")
    Run.objects.create(
        unit="other", status="error", trigger="command", queued_at=SYSTEM_CLOCK.now()
    )
    assert ">2 given up</a>" in page(operator)
    monkeypatch.setattr(look, "_MOST_LETTERS", 1)
    assert ">over 1 given up</a>" in page(operator)


def test_a_process_and_its_units_lead_to_one_another(operator: Client) -> None:
    registry.process("morning", ["greet"], mode="sequential")
    try:
        text = page(operator, "/admin/console/units/morning/")
        assert f'href="{HERE}"' in text
        assert "Runs one after the other: greet." in text
        assert 'href="/admin/console/units/morning/"' in page(operator)
    finally:
        registry.registry.release("morning")


# --- live ---------------------------------------------------------------------------------------


def test_the_list_follows(operator: Client) -> None:
    text = operator.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert 'id="unit-list"' in text
    assert 'id="run-greet"' in text
    assert "<html" not in text


def test_a_look_brings_only_what_has_changed(operator: Client) -> None:
    told = known(page(operator))
    text = look_again(operator, **told)
    assert 'id="unit-now"' in text
    assert "<html" not in text
    assert "unit-controls" not in text
    assert "unit-past" not in text
    ended()
    text = look_again(operator, **told)
    assert 'id="unit-past" hx-swap-oob="true"' in text
    assert "unit-controls" not in text
    hold()
    text = look_again(operator, **known(text))
    assert 'id="unit-controls" hx-swap-oob="true"' in text
    assert "unit-past" not in text


def test_who_lost_the_permission_has_the_whole_page_loaded_again(member: Member) -> None:
    client = member("view_schedule")
    answer = client.get(HERE, headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
    assert not answer.content
    assert client.get(HERE).status_code == 403


# --- queries ------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [LIST, HERE])
def test_one_row_and_twenty_take_the_same_queries(operator: Client, url: str) -> None:
    def queries() -> int:
        page(operator, url)
        with CaptureQueriesContext(connection) as made:
            page(operator, url)
        return len(made)

    ended("error")
    Schedule(unit="greet", every_seconds=900).save()
    at_work()
    hold()
    one = queries()
    for number in range(19):
        ended("error", error="ValueError: odd")
        Schedule(unit="greet", every_seconds=60 + number).save()
        at_work(active_key=f"greet:queue:{number}", slot=None, status="queued")
        pauses.pause(f"other-{number}", by="a", why="b", now=SYSTEM_CLOCK.now())
    assert queries() == one <= 30
