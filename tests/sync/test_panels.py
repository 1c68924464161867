"""What home tells of titles: coverage, TMDB's rate, and what titles need a person for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from popflix.console.home import backlog_needs
from popflix.engine import pauses
from popflix.engine.models import Run
from popflix.engine.models.pauses import Holder
from popflix.lib.limiter import survey
from popflix.lib.limiter.survey import BucketView
from sync import needs, panels
from sync.links.models import Coverage, Enrichment
from sync.tmdb import key
from tests.popflix.console.home.asked import about, told
from tests.popflix.console.shown import page
from tests.sync.links.rows import answered, link

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SECRET = "0123456789abcdef0123456789abcdef"
UNIT = "sync-media-links"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture(autouse=True)
def set_up(settings: Settings, tmp_path: Path) -> None:
    """A key is set, nothing was asked yet."""
    settings.TMDB_READ_TOKEN, settings.TMDB_API_KEY = "", SECRET
    settings.POPFLIX_VAR = tmp_path


def text_of(client: Client, panel: str) -> str:
    """The words of a panel's inside, as they are read."""
    inside = page(client, reverse("console_panel", args=[panel]))
    return " ".join(unescape(re.sub("<[^>]*>", " ", inside)).split())


def measured(at: dt.datetime, answered: int = 3, titles: int = 4) -> Coverage:
    return Coverage.objects.create(
        measured_at=at, title_count=titles, answered_count=answered, poster_count=2,
        trailer_count=1, failed_count=0, pending_count=titles - answered,
    )  # fmt: skip


# --- coverage -----------------------------------------------------------------------------------


def test_coverage_tells_the_shares_and_when_they_were_counted(operator: Client) -> None:
    measured(now() - dt.timedelta(minutes=9), answered=2)
    measured(now() - dt.timedelta(minutes=5))
    text = text_of(operator, "coverage")
    assert "Coverage of titles 75 %" in text
    assert "25.0 % with a trailer, 50.0 % with a poster, of 4 titles. Counted 5 min ago" in text
    assert "lowest 50, highest 75" in text


def test_coverage_that_has_not_changed_for_long_is_still_told(operator: Client) -> None:
    measured(now() - dt.timedelta(days=40))
    text = text_of(operator, "coverage")
    assert "Coverage of titles 75 %" in text
    assert "50.0 % with a poster" in text


def test_without_a_measurement_the_next_step_is_told(operator: Client) -> None:
    assert "manage.py import_imdb" in text_of(operator, "coverage")
    link(1)
    assert "Counted after each manage.py sync_tmdb" in text_of(operator, "coverage")


def test_coverage_costs_the_same_however_many_titles_and_measurements(operator: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(operator, "coverage")
        assert not any("COUNT" in query["sql"] for query in queries)
        return len(queries)

    link(1)
    measured(now())
    asked()  # what is looked up once for a process
    before = asked()
    for number in range(2, 21):
        link(number)
        measured(now() - dt.timedelta(hours=number))
    assert asked() == before


# --- rate ---------------------------------------------------------------------------------------

SetBucket = Callable[..., None]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> SetBucket:
    def put(rate: float, reason: str = "") -> None:
        found = [BucketView("another", 1, 9, "slow"), BucketView("tmdb", rate, 38.0, reason)]
        monkeypatch.setattr(panels, "survey", lambda: found)

    return put


def test_the_rate_in_force_is_told_beside_the_allowed_one(
    operator: Client, bucket: SetBucket
) -> None:
    bucket(38.0)
    assert "38 of 38 allowed" in text_of(operator, "rate").replace(".0", "")
    assert "All that is allowed is in force." in text_of(operator, "rate")


def test_a_rate_that_was_cut_says_why(operator: Client, bucket: SetBucket) -> None:
    bucket(19.04, "TMDB answered 429")
    text = text_of(operator, "rate")
    assert "19.0 of 38 allowed" in text
    assert "Cut from 38: TMDB answered 429. It creeps back by itself." in text


def test_before_the_first_request_the_settings_tell_the_rate(
    operator: Client, settings: Settings
) -> None:
    settings.TMDB_RATE_PER_SECOND = 12.0
    text = text_of(operator, "rate")
    assert "12.0 of 12.0 allowed" in text
    assert "Nothing has been asked yet." in text
    assert survey.survey() == []  # looking made no bucket


# --- the key ------------------------------------------------------------------------------------


def test_without_a_key_the_variables_and_where_to_get_one_are_told(
    operator: Client, settings: Settings
) -> None:
    link(1)
    assert about(operator, "_KEY") is None
    settings.TMDB_API_KEY = ""
    need = about(operator, "Neither TMDB_READ_TOKEN nor TMDB_API_KEY is set")
    assert need is not None
    assert need.why.startswith("Get a free key at https://www.themoviedb.org")
    assert need.why.endswith("into .env.")
    assert need.href == reverse("console_unit", args=[UNIT])


def stopped_for_the_key() -> None:
    stop = key.refused("answered 401")
    Run.objects.create(
        unit=UNIT, trigger="command", status="error", queued_at=now(), finished_at=now(),
        error=stop.cause, error_group="refused",
    )  # fmt: skip
    pauses.pause(
        UNIT, by="run 1", why=stop.cause, now=now(), holder=Holder.MACHINE,
        condition=stop.condition, memory=stop.memory,
    )  # fmt: skip


def test_a_refused_key_is_told_once_by_its_variable_and_never_by_itself(operator: Client) -> None:
    link(1)
    stopped_for_the_key()
    of_key = [each for each in told(operator) if each.text != "No worker is running"]
    assert [each.text for each in of_key] == ["TMDB refuses the key in TMDB_API_KEY"]
    assert of_key[0].why.startswith("Correct TMDB_API_KEY in .env;")
    assert SECRET not in page(operator, reverse("console_panel", args=["needs"]))


def test_a_unit_that_somebody_paused_is_told_beside_a_missing_key(
    operator: Client, settings: Settings
) -> None:
    settings.TMDB_API_KEY = ""
    pauses.pause(UNIT, by="anna", why="the move", now=now())
    assert about(operator, f"{UNIT} is paused") is not None
    assert about(operator, "TMDB_API_KEY is set") is not None


# --- titles -------------------------------------------------------------------------------------


def given_up(number: int, kind: str, group: str = "") -> None:
    link(
        number,
        processed_status="FAILED",
        work={"due_at": None, "failure_kind": kind, "error_group": group, "given_up_at": now()},
    )


def test_without_titles_the_first_steps_are_told(operator: Client) -> None:
    need = about(operator, "No titles are loaded yet")
    assert need is not None
    assert "manage.py import_imdb title.basics.tsv.gz" in need.why
    link(1)
    assert about(operator, "No titles") is None


def test_titles_that_wait_for_a_choice_lead_to_their_list(operator: Client) -> None:
    given_up(1, "ambiguous")
    answered(2)
    need = about(operator, "title")
    assert need is not None
    assert need.text == "1 title: several records fit"
    assert need.href == f"{reverse('admin:sync_medialinks_changelist')}?kind=ambiguous"
    listed = page(operator, need.href)
    assert "tt99000001" in listed
    assert "tt99000002" not in listed


def test_titles_that_were_given_up_are_told_beside_the_choices_and_not_by_the_engine_too(
    operator: Client,
) -> None:
    given_up(1, "ambiguous")
    for number in (2, 3):
        given_up(number, "gave_up", "TMDB answered 503")
    given_up(4, "rejected", "TMDB answered 422")
    link(5, processed_status="FAILED", work={"failure_kind": "not_found"})  # asked again later
    texts = [each.text for each in told(operator) if "title" in each.text.lower()]
    assert texts == [
        "3 titles without an answer, given up", "1 title: several records fit",
    ]  # fmt: skip
    need = about(operator, "given up")
    assert need is not None
    assert need.why == "Most often: TMDB answered 503."
    assert need.href == f"{reverse('console_letters')}?source=titles"
    Enrichment.objects.update(given_up_at=None)  # somebody discarded them
    assert about(operator, "given up") is None


def test_of_more_titles_than_are_counted_that_is_said(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (needs, backlog_needs):
        monkeypatch.setattr(module, "MOST", 2)
    for number in range(1, 5):
        given_up(number, "ambiguous")
        given_up(number + 10, "gave_up", "TMDB answered 503")
    assert about(operator, "over 2 titles: several records fit") is not None
    assert about(operator, "over 2 titles without an answer") is not None


def test_what_titles_need_costs_the_same_for_one_as_for_twenty(operator: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            told(operator)
        return len(queries)

    given_up(1, "ambiguous")
    given_up(2, "gave_up", "group 2")
    asked()  # what is looked up once for a process
    before = asked()
    for number in range(3, 22):
        given_up(number, ("ambiguous", "gave_up")[number % 2], f"group {number}")
    assert asked() == before


def test_what_was_given_up_is_found_by_an_index(operator: Client) -> None:
    """Not by reading all rows: there may be millions of them, and home asks every few seconds."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan of a small table says nothing elsewhere")
    given_up(1, "gave_up", "TMDB answered 503")
    with CaptureQueriesContext(connection) as queries:
        told(operator)
    of_work = [each["sql"] for each in queries if 'FROM "sync_enrichment"' in each["sql"]]
    assert of_work
    for sql in of_work:
        plan = str(_plan(sql))
        assert "SEARCH sync_enrichment" in plan
        assert "SCAN sync_enrichment" not in plan


def _plan(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        return list(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())


def test_who_may_not_see_media_links_sees_no_coverage(client: Client) -> None:
    client.force_login(User.objects.create_user("vi", is_staff=True))
    assert client.get(reverse("console_panel", args=["coverage"])).status_code == 404
