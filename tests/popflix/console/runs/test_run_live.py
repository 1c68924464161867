"""What the page of a run asks for every two seconds: what is new, and nothing after the end."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.engine import runs
from popflix.engine.events import tell
from popflix.engine.models import Run, RunLog, RunStatus
from popflix.engine.states import Kind
from popflix.lib.clock import SYSTEM_CLOCK
from tests.popflix.console.runs.made import RUN, failed, live, member, page, working

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def seen_in(text: str) -> str:
    """What the page, or an answer to it, has been shown."""
    found = re.search(r'hx-get="[^"]*\?seen=([^"]+)"', text)
    assert found is not None
    return found[1]


def parts_of(text: str) -> set[str]:
    return set(re.findall(r'id="run-(\w+)"', text))


def test_a_page_asks_on_while_its_run_is_active(operator: Client) -> None:
    run = working()
    text = page(operator, RUN, run.pk)
    assert f'hx-get="{reverse("admin:engine_run_live", args=[run.pk])}?seen=' in text
    assert 'hx-trigger="every 2s, look"' in text
    assert "hx-get" not in page(operator, RUN, failed_apart(run))


def failed_apart(run: Run) -> int:
    runs.finish(run, RunStatus.ERROR, clock=SYSTEM_CLOCK, error="odd")
    return run.pk


def test_nothing_but_the_figures_comes_while_nothing_else_is_new(operator: Client) -> None:
    run = working()
    seen = seen_in(page(operator, RUN, run.pk))
    Run.objects.update(done_count=4711)
    answer = live(operator, run, seen).content.decode()
    assert parts_of(answer) == {"now"}
    assert "4,711" in answer
    assert seen_in(answer) == seen


def test_an_event_brings_the_story_and_a_line_the_log(operator: Client) -> None:
    run = working()
    seen = seen_in(page(operator, RUN, run.pk))
    tell(run.pk, "greet", Kind.NOTE, SYSTEM_CLOCK.now(), payload={"text": "half of it"})
    answer = live(operator, run, seen).content.decode()
    assert parts_of(answer) == {"now", "story"}
    assert "half of it" in answer
    RunLog.objects.create(run=run, text="INFO hello", at=SYSTEM_CLOCK.now())
    answer = live(operator, run, seen_in(answer)).content.decode()
    assert parts_of(answer) == {"now", "log"}
    assert "INFO hello" in answer


def test_the_end_brings_the_outcome_and_is_asked_about_no_more(operator: Client) -> None:
    run = working()
    seen = seen_in(page(operator, RUN, run.pk))
    failed_apart(run)
    answer = live(operator, run, seen).content.decode()
    assert parts_of(answer) == {"now", "story", "outcome", "side", "said"}
    assert "hx-get" not in answer
    assert answer.count('hx-swap-oob="true"') == 3
    assert f"Run {run.pk}: error" in answer
    assert ">Retry</button>" in answer


def test_a_button_that_came_later_leads_back_to_the_page(operator: Client) -> None:
    run = working()
    failed_apart(run)
    own = reverse(RUN, args=[run.pk])
    url = f"http://testserver{own}"
    answer = live(operator, run, "0.0.running", **{"HX-Current-URL": url}).content.decode()
    assert f'name="next" value="{own}"' in answer


def test_a_wish_to_cancel_is_news(operator: Client) -> None:
    run = working()
    seen = seen_in(page(operator, RUN, run.pk))
    Run.objects.update(cancel_requested_at=SYSTEM_CLOCK.now())
    assert "outcome" in parts_of(live(operator, run, seen).content.decode())


@pytest.mark.parametrize("seen", ["", "x", "1.2.3.4.5", "...."])
def test_an_odd_question_is_answered_with_everything(operator: Client, seen: str) -> None:
    assert "story" in parts_of(live(operator, working(), seen).content.decode())


def test_it_takes_the_same_few_queries_each_time(operator: Client) -> None:
    run = working()
    seen = seen_in(page(operator, RUN, run.pk))
    with CaptureQueriesContext(connection) as few:
        live(operator, run, seen)
    for _ in range(20):
        Run.objects.filter(pk=failed_child(run)).update(parent=run)
    with CaptureQueriesContext(connection) as many:
        live(operator, run, seen)
    assert len(few) == len(many) <= 8


def failed_child(run: Run) -> int:
    return Run.objects.create(
        unit="greet", queued_at=SYSTEM_CLOCK.now(), trigger="parent", status="completed"
    ).pk


def test_who_is_logged_out_meanwhile_is_led_to_the_login_by_a_reload() -> None:
    run = working()
    answer = live(Client(), run)
    assert (answer.status_code, answer["HX-Refresh"], answer.content) == (200, "true", b"")
    plain = Client().get(reverse("admin:engine_run_live", args=[run.pk]))
    assert plain.status_code == 302


def test_it_is_refused_without_permission_and_unknown_without_a_run(operator: Client) -> None:
    run = failed()
    here, gone = (reverse("admin:engine_run_live", args=[key]) for key in (run.pk, 999))
    assert member(Client(), "view_schedule").get(here).status_code == 403
    assert operator.get(gone).status_code == 404
    assert operator.post(here).status_code == 405


def test_a_page_whose_run_or_permission_is_gone_is_loaded_anew(operator: Client) -> None:
    run = failed()
    assert live(member(Client(), "view_schedule"), run)["HX-Refresh"] == "true"
    run.delete()
    gone = operator.get(
        reverse("admin:engine_run_live", args=[999]), headers={"HX-Request": "true"}
    )
    assert gone["HX-Refresh"] == "true"
