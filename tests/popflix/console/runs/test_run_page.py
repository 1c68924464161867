"""The page of one run: what it is, was given, did, waited for, logged and touched."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.safestring import mark_safe

from popflix.console.runs import results, touched
from popflix.console.runs.touched import Touched
from popflix.engine import files, runs
from popflix.engine.events import tell
from popflix.engine.models import Event, Run, RunLog, RunSample, RunStatus
from popflix.engine.registry import registry
from popflix.engine.states import Kind
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import OperatorError
from popflix.lib.limiter.survey import BucketView
from tests.popflix.console.clock import FakeClock
from tests.popflix.console.runs.made import RUN, failed, member, page, queued, working

pytestmark = pytest.mark.django_db


def sampled(run: Run, *counts: int, now: dt.datetime | None = None) -> None:
    """Every ten seconds up to now."""
    now = now or SYSTEM_CLOCK.now()
    begun = now - dt.timedelta(seconds=10 * len(counts))
    Run.objects.filter(pk=run.pk).update(started_at=begun, done_count=counts[-1])
    for number, done in enumerate(counts, 1):
        at = begun + dt.timedelta(seconds=10 * number)
        RunSample.objects.create(run=run, at=at, done_count=done, failed_count=0)


def test_a_failed_run_says_cause_cure_and_the_one_next_step(operator: Client) -> None:
    text = page(operator, RUN, failed("ValueError: <b>odd</b>").pk)
    assert "ValueError: &lt;b&gt;odd" in text
    assert "Retry starts it again; what was done stays done." in text
    assert text.count(">Retry</button>") == 1


def test_a_failed_process_leads_to_its_parts(operator: Client) -> None:
    run = failed("greet (run 2): odd")
    Run.objects.filter(pk=run.pk).update(mode="parallel")
    text = page(operator, RUN, run.pk)
    assert "The pages of its parts say what broke." in text
    assert "A second" not in text


def test_a_lost_run_says_what_became_of_its_process(operator: Client) -> None:
    run = working()
    runs.mark_lost(run, "its process is gone", clock=SYSTEM_CLOCK)
    text = page(operator, RUN, run.pk)
    assert "Its process ended without a word" in text


@pytest.mark.parametrize(
    ("status", "words"),
    [("queued", "It is tried again: follow run"), ("completed", "Nothing is left to do: run"),
     ("error", "ended as error: look there first.")],
)  # fmt: skip
def test_a_run_that_was_retried_leads_to_the_retry(
    operator: Client, status: str, words: str
) -> None:
    run = failed()
    again = Run.objects.create(
        unit="greet", status=status, retry_of=run, queued_at=SYSTEM_CLOCK.now(), trigger="retry"
    )
    text = page(operator, RUN, run.pk)
    assert words in text
    assert f'href="{reverse(RUN, args=[again.pk])}">See the retry</a>' in text
    assert (">Retry</button>" in text) is (status != "queued")
    assert f'retry of <a href="{reverse(RUN, args=[run.pk])}">' in page(operator, RUN, again.pk)


def test_counts_have_separators_and_the_unit_and_who_started_it_are_named(
    operator: Client,
) -> None:
    run = working()
    Run.objects.update(done_count=31870, ok_count=31650, failed_count=1220, total_count=48210)
    Event.objects.filter(kind="queued").update(payload={"by": "grace"})
    text = page(operator, RUN, run.pk)
    for figure in ("31,870 of 48,210", "<dd>31,650</dd>", "<dd>1,220</dd>"):
        assert figure in text
    assert f'<a href="{reverse("console_unit", args=["greet"])}">Says hello</a>' in text
    assert "by <bdi>grace</bdi>" in text


def test_a_silent_run_says_so_and_what_becomes_of_it(operator: Client) -> None:
    run = working()
    assert "was last heard of" not in page(operator, RUN, run.pk)
    Run.objects.update(heartbeat_at=SYSTEM_CLOCK.now() - dt.timedelta(minutes=5))
    text = page(operator, RUN, run.pk)
    assert "was last heard of" in text
    assert "takes its work back by itself" in text


def test_of_a_run_that_ended_no_total_is_awaited(operator: Client) -> None:
    run = failed()
    assert "total unknown" not in page(operator, RUN, run.pk)
    assert "total unknown" in page(operator, RUN, working().pk)


def test_what_a_run_was_not_given_is_not_listed(operator: Client) -> None:
    run = working()
    Run.objects.update(params={"limit": None, "batch_size": 100, "imdb_ids": []})
    text = page(operator, RUN, run.pk)
    assert "Batch size" in text
    assert "Limit" not in text
    assert "Imdb ids" not in text


def test_how_a_run_was_started_is_told_in_words(operator: Client) -> None:
    text = page(operator, RUN, working().pk)
    assert "by a command" in text
    assert "trigger=command" not in text


def test_rates_are_drawn_and_the_time_left_is_told(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, run = FakeClock(), working()
    clock.at = SYSTEM_CLOCK.now()
    monkeypatch.setattr("popflix.console.runs.views.SYSTEM_CLOCK", clock)
    sampled(run, 100, 200, 300, 400, now=clock.at)
    Run.objects.update(total_count=1000)
    text = page(operator, RUN, run.pk)
    assert "<dt>A second, now</dt><dd>10</dd>" in text
    assert "<dt>Time left</dt><dd>about 1 min</dd>" in text
    assert "Done a second" in text
    assert "are allowed" not in text


def test_what_is_allowed_is_drawn_where_the_unit_has_a_bucket(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = working()
    sampled(run, 100, 200)
    unit = registry.release("greet")
    registry.register(replace(unit, bucket="tmdb"))
    told = [BucketView("other", 1, 2, ""), BucketView("tmdb", 19, 38, "halved")]
    monkeypatch.setattr("popflix.console.runs.reading.survey", lambda: told)
    assert "Dashed: 38/s are allowed." in page(operator, RUN, run.pk)

    def broken() -> list[BucketView]:
        raise OperatorError("The limiter cannot be read.", "Delete its file.")

    monkeypatch.setattr("popflix.console.runs.reading.survey", broken)
    assert "are allowed" not in page(operator, RUN, run.pk)


def test_a_spread_run_adds_up_what_its_shares_have_done(operator: Client) -> None:
    now = SYSTEM_CLOCK.now()
    run = Run.objects.create(
        unit="greet", mode="spread", status="running", queued_at=now, total_count=900
    )
    first, second = (
        Run.objects.create(unit="greet", status="running", queued_at=now, parent=run)
        for _ in range(2)
    )
    for share in (first, second):
        sampled(share, 10, 20, 30)
    Run.objects.filter(pk__in=[first.pk, second.pk]).update(done_count=33, ok_count=30)
    text = page(operator, RUN, run.pk)
    assert "66 of 900" in text
    assert "<dd>60</dd>" in text
    assert f">greet #{second.pk}</a>" in text
    assert "Done a second" in text


def test_waits_are_told_with_their_reason_and_length(operator: Client) -> None:
    run = working()
    runs.park(run, None, "TMDB asks for a pause", clock=SYSTEM_CLOCK, in_process=True)
    Event.objects.filter(kind="waiting").update(at=SYSTEM_CLOCK.now() - dt.timedelta(seconds=65))
    Run.objects.update(result={"waits": {"the rate": 12.0}})
    text = page(operator, RUN, run.pk)
    assert "<bdi>TMDB asks for a pause</bdi></th>" in text
    assert "1 min 5 s so far" in text
    assert "<bdi>the rate</bdi>" in text


def test_parameters_and_result_are_tables_and_not_json(operator: Client) -> None:
    run = failed()
    Run.objects.update(params={"batch_size": 2000}, result={"found": {"posters": 31650}})
    text = page(operator, RUN, run.pk)
    assert "<bdi>Batch size</bdi></th><td><bdi>2,000</bdi>" in text
    assert "<bdi>Found: posters</bdi></th><td><bdi>31,650</bdi>" in text


def test_an_app_shows_the_result_of_its_unit_in_its_own_way(operator: Client) -> None:
    results.register("greet", lambda run: mark_safe("<p>hello, hello</p>"))
    try:
        with pytest.raises(ValueError, match="twice"):
            results.register("greet", lambda run: mark_safe(""))
        assert "<p>hello, hello</p>" in page(operator, RUN, failed().pk)
    finally:
        results.forget("greet")


def test_an_app_says_which_rows_a_run_touched(operator: Client) -> None:
    touched.register("greet", lambda run: Touched("people", 10_000, f"/x/{run.pk}", True))
    try:
        with pytest.raises(ValueError, match="twice"):
            touched.register("greet", lambda run: Touched("", 0, ""))
        run = failed()
        assert f'<a href="/x/{run.pk}">over 10,000 people</a>' in page(operator, RUN, run.pk)
    finally:
        touched.forget("greet")


def test_an_app_that_cannot_say_it_breaks_no_page(operator: Client) -> None:
    touched.register("greet", lambda run: Touched("x", 1 // 0, ""))
    try:
        assert "greet run" in page(operator, RUN, failed().pk)
    finally:
        touched.forget("greet")


def test_children_files_log_and_events_belong_to_the_page(operator: Client) -> None:
    parent, child = failed(), failed("KeyError: 'x'")
    Run.objects.filter(pk=child.pk).update(parent=parent)
    files.store(child.pk, "notes.txt", "text", "text/plain", SYSTEM_CLOCK.now())
    RunLog.objects.create(run=parent, text="INFO <i>said</i>", at=SYSTEM_CLOCK.now())
    text = page(operator, RUN, parent.pk)
    assert f'href="{reverse(RUN, args=[child.pk])}">greet #{child.pk}</a>' in text
    assert "KeyError: &#x27;x&#x27;" in text
    assert ">notes.txt</a> (4 bytes)" in text
    assert "INFO &lt;i&gt;said" in text
    assert '<ol class="timeline">' in text
    assert page(operator, "admin:engine_event_changelist", run=parent.pk)


def test_what_people_did_about_it_is_for_who_may_read_the_trail(operator: Client) -> None:
    run = failed()
    target = f"greet run {run.pk}"
    audit.record("grace", "retry run", at=SYSTEM_CLOCK.now(), target=target, why="again")
    audit.record("other", "retry run", at=SYSTEM_CLOCK.now(), target=f"{target}0", why="else")
    text = page(operator, RUN, run.pk)
    assert "<bdi>grace</bdi>" in text
    assert "<bdi>other</bdi>" not in text
    assert "<bdi>grace</bdi>" not in page(member(Client(), "view_run"), RUN, run.pk)


def test_a_run_that_is_not_there_leads_home_and_a_stranger_sees_nothing(
    operator: Client,
) -> None:
    for number in ("999", "nonsense", "9" * 30):
        url = reverse(RUN, args=[number])
        assert operator.get(url).status_code == 302
    run = failed()
    url = reverse(RUN, args=[run.pk])
    assert operator.post(url, {"status": "completed"}).status_code == 403
    assert member(Client(), "view_schedule").get(url).status_code == 403


def test_one_row_of_each_and_twenty_take_the_same_queries(operator: Client) -> None:
    run = failed()

    def add(many: int) -> None:
        for number in range(many):
            child = failed()
            Run.objects.filter(pk=child.pk).update(parent=run)
            tell(run.pk, "greet", Kind.NOTE, SYSTEM_CLOCK.now(), payload={"text": "x"})
            files.store(run.pk, f"{child.pk}.txt", "x", "text/plain", SYSTEM_CLOCK.now())
            again = failed()
            Run.objects.filter(pk=again.pk).update(retry_of=run)
            sampled(run, number + 1)

    counts = []
    for many in (1, 19):
        add(many)
        with CaptureQueriesContext(connection) as queries:
            page(operator, RUN, run.pk)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_a_run_of_status_queued_says_what_it_waits_for(operator: Client) -> None:
    run = queued()
    assert "a worker takes it up" in page(operator, RUN, run.pk)
    Run.objects.update(slot=None)
    assert "until a slot of its unit is free" in page(operator, RUN, run.pk)
    Run.objects.update(resume_at=SYSTEM_CLOCK.now() + dt.timedelta(seconds=130))
    assert "in 2 min" in page(operator, RUN, run.pk)


def test_a_cancelled_run_is_no_failure_and_may_be_retried(operator: Client) -> None:
    run = working()
    runs.finish(run, RunStatus.CANCELLED, clock=SYSTEM_CLOCK, error="not today")
    text = page(operator, RUN, run.pk)
    assert "not today" in text
    assert 'aria-label="Problem"' not in text
    assert ">Retry</button>" in text
