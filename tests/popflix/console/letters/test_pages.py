"""The pages of dead letters: what there is, group by group, letter by letter."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.console.letters import counting
from popflix.engine import pauses
from popflix.engine.deadletters.order import UNIT
from popflix.engine.models import Run
from sync.links.models import Enrichment
from tests.popflix.console.letters.lettered import NOW, SOURCE, failed_run, give_up, group

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST = "/admin/console/dead-letters/"


def page(client: Client, url: str, **query: Any) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def of_group(source: str = SOURCE) -> str:
    return reverse("console_letter_group", args=[source, group(source).id])


# --- the list -----------------------------------------------------------------------------------


def test_without_letters_the_page_says_so_and_where_to_look(operator: Client) -> None:
    shown = page(operator, LIST)
    assert "No dead letters." in shown
    assert reverse("admin:engine_run_changelist") in shown


def test_groups_of_all_sources_are_listed_the_largest_first(operator: Client) -> None:
    failed_run("the disk is full")
    give_up(3)
    shown = page(operator, LIST)
    assert shown.index("TMDB answered 503 for tt&lt;n&gt;.") < shown.index("the disk is full")
    assert "4 letters in 2 groups" in shown
    assert "Titles without an answer" in shown
    assert reverse("console_unit", args=["import-imdb"]) in shown
    assert "TMDB answered 503 for tt3." in shown, "an example in full"


def test_one_letter_is_retried_and_several_are_all_retried(operator: Client) -> None:
    give_up(1)
    assert "Retry all" not in page(operator, LIST)
    give_up(2, first=2)
    assert "Retry all" in page(operator, LIST)


def test_a_failure_has_the_word_that_the_lists_have_for_it(operator: Client) -> None:
    give_up(1)
    Enrichment.objects.update(failure_kind="ambiguous")
    assert "</svg>Several candidates</span>" in page(operator, LIST)


def test_a_chip_leaves_one_source_or_one_unit(operator: Client) -> None:
    failed_run("the disk is full")
    failed_run("no such file", unit="sync-media-links")
    give_up(1)
    runs = page(operator, LIST, source="runs")
    assert "2 letters in 2 groups" in runs
    assert "TMDB answered" not in runs
    imports = page(operator, LIST, source="runs", unit="import-imdb")
    assert "the disk is full" in imports
    assert "no such file" not in imports
    assert 'href="?source=runs&amp;unit=import-imdb" aria-current="true"' in imports
    assert "Nothing waits there." in page(operator, LIST, source="nonsense")


def test_of_more_letters_than_are_counted_that_is_said(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST", 2)
    give_up(4)
    failed_run("the disk is full")
    shown = page(operator, LIST)
    assert "<b>over 2</b> letters" in shown
    assert "Over 3 letters in 2 groups" in shown
    assert "Titles without an answer <b>over 2</b>" in shown
    assert "<b>over 2</b> letters" in page(operator, of_group())


def test_a_paused_unit_is_told_where_its_letters_are(operator: Client) -> None:
    give_up(1)
    pauses.pause("sync-media-links", by="ada", why="TMDB moves.", now=NOW)
    assert "TMDB moves. What is retried waits until it is resumed." in page(operator, LIST)


def test_an_error_is_text_and_never_markup(operator: Client) -> None:
    failed_run("<script>alert(1)</script> \x1b[31m")
    for url in (LIST, of_group("runs")):
        assert "<script>alert" not in page(operator, url)


def test_both_pages_take_as_many_queries_for_one_letter_as_for_many(operator: Client) -> None:
    give_up(1)
    failed_run()
    urls = [LIST, of_group()]
    few = [_queries(operator, url) for url in urls]
    give_up(20, first=2)
    for number in range(20):
        failed_run("again " * (number + 1))
    assert [_queries(operator, url) for url in urls] == few


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        client.get(url)
    return len(caught)


# --- one group ----------------------------------------------------------------------------------


def test_a_group_shows_its_letters_with_their_rows_and_errors(operator: Client) -> None:
    give_up(1)
    give_up(1, "TMDB answered 503 for tt{}.\nTraceback: line 88", first=2)
    give_up(1, first=3)
    shown = page(operator, of_group())
    assert reverse("admin:sync_medialinks_change", args=["tt0000001"]) in shown
    assert "TMDB answered 503 for tt3." in shown
    assert "tt0000002" not in shown, "another group's"
    run = failed_run("the disk is full\nTraceback: line 17")
    shown = page(operator, of_group("runs"))
    assert reverse("admin:engine_run_change", args=[run.pk]) in shown
    assert "Traceback: line 17" in shown


def test_letters_are_paged_by_key_and_none_is_left_out(operator: Client) -> None:
    give_up(53)
    first = operator.get(of_group())
    assert len(first.context["page"].letters) == 50
    second = operator.get(of_group() + first.context["page"].next)
    keys = [letter.key for shown in (first, second) for letter in shown.context["page"].letters]
    assert keys == [f"tt{number:07d}" for number in range(1, 54)]
    assert second.context["page"].next == ""
    assert "First page" in second.content.decode()


@pytest.mark.parametrize("after", ["", "nonsense", "9" * 400], ids=["none", "word", "long"])
def test_nonsense_in_the_address_leads_to_the_first_page(operator: Client, after: str) -> None:
    failed_run()
    for at in ("", "soon", NOW.isoformat(), "2026-03-01T12:00:00"):
        answer = operator.get(of_group("runs"), {"after": after, "at": at})
        assert [each.short for each in answer.context["page"].letters] == ["broke"]


def test_a_group_that_vanished_is_told_kindly_with_its_last_retries(operator: Client) -> None:
    give_up(1)
    url = of_group()
    _ledger(group().id, letters=1, retried=1, stage="done")
    Run.objects.filter(unit=UNIT).update(status="completed")
    Enrichment.objects.update(given_up_at=None)
    shown = page(operator, url)
    assert "Nothing is left of it." in shown
    assert "All put back" in shown
    assert operator.get(reverse("console_letter_group", args=["nonsense", "1"])).status_code == 404


def _ledger(group_id: str, **entry: Any) -> Run:
    usual = {
        "source": SOURCE, "unit": "", "kind": "gave_up", "error": "TMDB answered 503",
        "letters": 9, "stage": "stopped", "retried": 0, "refused": 0,
    }  # fmt: skip
    result = {"until": NOW.isoformat(), "groups": {group_id: usual | entry}}
    return Run.objects.create(
        unit=UNIT, trigger="admin", status="running", queued_at=NOW, started_at=NOW, result=result
    )


def test_the_last_retries_of_a_group_are_told_in_figures(operator: Client) -> None:
    give_up(1)
    _ledger("elsewhere", why="Not this one")
    why = "Only 2 of 5 letters passed, 3 failed"
    run = _ledger(group().id, retried=5, passed=2, failed=3, left=1204, why=why)
    shown = page(operator, of_group())
    assert reverse("admin:engine_run_change", args=[run.pk]) in shown
    assert f"{why}." in shown
    assert "1,204" in shown
    assert "Not this one" not in shown


def test_the_page_of_the_run_tells_what_became_of_each_group(operator: Client) -> None:
    run = _ledger(
        "3fa9c1d2", retried=5, refused=1, passed=4, failed=1, why_refused="Run 17 is busy"
    )
    shown = page(operator, reverse("admin:engine_run_change", args=[run.pk]))
    for told in ("5 of 9 put back.", "4 of the first 5 passed, 1 failed.", "1 refused."):
        assert told in shown
    assert "Run 17 is busy." in shown
    assert reverse("console_letter_group", args=[SOURCE, "3fa9c1d2"]) in shown


@pytest.mark.parametrize("result", [{}, {"groups": []}, {"groups": {"a": 1}}, {"retried": 1}])
def test_a_run_without_a_ledger_is_shown_all_the_same(operator: Client, result: Any) -> None:
    give_up(1)
    run = _ledger("any")
    Run.objects.filter(pk=run.pk).update(result=result)
    assert page(operator, reverse("admin:engine_run_change", args=[run.pk]))
    assert "Last retries" not in page(operator, of_group())
