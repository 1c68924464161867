"""The language in lists, on the page of a run, and where something went wrong."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils.safestring import mark_safe

from popflix.engine.models import Run, Schedule
from popflix.lib import audit
from tests.popflix.console.shown import NOW, page, rows

pytestmark = pytest.mark.django_db


# --- lists ----------------------------------------------------------------------------------


def test_a_list_is_headed_by_its_name_and_its_filters_stand_above_the_rows(
    operator: Client,
) -> None:
    rows()
    text = page(operator, reverse("admin:engine_run_changelist"))
    assert "<h1>Runs</h1>" in text
    assert text.index('id="changelist-filter"') < text.index('id="result_list"')
    assert text.count('id="changelist-filter"') == 1
    assert 'data-label="State"' in text


def test_a_search_leads_back_to_all_rows_once_something_is_searched(operator: Client) -> None:
    entries = reverse("admin:lib_auditentry_changelist")
    assert "Show all" not in page(operator, entries)
    assert '(<a href="?">Show all</a>)' in page(operator, f"{entries}?q=greet")


def test_what_is_listed_is_counted_by_its_own_name(operator: Client) -> None:
    for action in ("pause unit", "resume unit"):
        audit.record("ada", action, at=NOW, target="greet")
    text = page(operator, reverse("admin:lib_auditentry_changelist"))
    assert "<h1>Audit trail</h1>" in text
    assert "audit entries" in text


def test_an_empty_list_says_what_to_do(operator: Client) -> None:
    text = page(operator, reverse("admin:engine_run_changelist"))
    assert "There is nothing here yet." in text
    assert "Run a unit from its page" in text
    text = page(operator, f"{reverse('admin:engine_run_changelist')}?status__exact=lost")
    assert "Nothing matches." in text
    assert '<a class="button" href="?">Show all</a>' in text


def test_the_page_of_a_run_is_headed_by_the_run_and_tells_cause_and_cure(operator: Client) -> None:
    text = page(operator, rows()["run"])
    assert re.search(r"<h1>greet run \d+</h1>", text)
    assert "ValueError: &lt;b&gt; …" in text
    assert "Retry starts it again" in text
    assert 'aria-valuetext="3 of 4"' in text
    assert '<bdi class="text">It &lt;u&gt;broke&lt;/u&gt;.</bdi>' in text
    assert '<bdi class="text">title=&lt;i&gt;</bdi>' in text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"status": "running", "done_count": 7}, "7, total unknown"),
        ({"status": "cancelled", "done_count": 1204}, ">1,204</"),
        ({"status": "queued", "started_at": None}, '<span class="visually-hidden">none</span>'),
        ({"status": "waiting", "wait_reason": "TMDB asks to wait"}, "TMDB asks to wait"),
    ],
)
def test_the_list_of_runs_tells_how_far_each_is(
    operator: Client, values: dict[str, object], shown: str
) -> None:
    usual = {"unit": "greet", "queued_at": NOW, "started_at": NOW, "trigger": "command"}
    Run.objects.create(**usual | values)
    assert shown in page(operator, reverse("admin:engine_run_changelist"))


@pytest.mark.parametrize(
    ("values", "word"),
    [({}, "On"), ({"is_enabled": False}, "Off"), ({"error": "No unit."}, "Cannot fire")],
)
def test_a_schedule_says_whether_it_fires(
    operator: Client, values: dict[str, object], word: str
) -> None:
    Schedule.objects.bulk_create([Schedule(unit="greet", cron="0 4 * * *", **values)])
    assert f"</svg>{word}</span>" in page(operator, reverse("admin:engine_schedule_changelist"))


def test_the_cells_of_a_list_carry_their_headings() -> None:
    tag = "{% load pieces %}{% for cell in cells|labelled:headers %}{{ cell }}{% endfor %}"
    cells = [
        mark_safe('<td class="action-checkbox"><input></td>'),
        mark_safe('<th class="field-id">1</th>'),
        mark_safe('<td class="field-why">–</td>'),
        mark_safe('<td class="field-x">x</td>'),
        mark_safe("<td>hidden</td>"),
    ]
    headers = [{"text": mark_safe('<input type="checkbox">')}, {"text": "id"}, {"text": "why"},
               {"text": "<script>1</script>"}]  # fmt: skip
    html = Template(tag).render(Context({"cells": cells, "headers": headers}))
    assert '<td class="action-checkbox"><input></td><th class="field-id">1</th>' in html
    assert '<td data-label="Why" data-empty class="field-why">–</td>' in html
    assert "<script" not in html
    assert html.endswith("<td>hidden</td>")


# --- what went wrong ------------------------------------------------------------------------


def test_a_page_that_is_not_there_leads_back(operator: Client) -> None:
    for url in ("/nonsense/", reverse("admin:engine_run_file", args=[999])):
        answer = operator.get(url)
        text = answer.content.decode()
        assert answer.status_code == 404
        assert "<h1>There is no such page</h1>" in text
        assert '<a class="button" href="/admin/">' in text
        assert "console/popflix.css" in text


def test_who_may_not_is_told_who_may_change_that() -> None:
    viewer = Client()
    viewer.force_login(User.objects.create_user("vi", is_staff=True))
    answer = viewer.get(reverse("admin:engine_run_changelist"))
    assert answer.status_code == 403
    assert "An admin of popflix can give it the permission." in answer.content.decode()


def test_a_broken_page_says_that_nothing_is_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("ada"))
    monkeypatch.setattr("popflix.console.pages.examples", lambda now: 1 / 0)
    answer = client.get("/admin/console/pieces/")
    assert answer.status_code == 500
    assert "Nothing was half done" in answer.content.decode()
