"""What a run keeps of itself: samples of its counts and the tail of its log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from popflix.engine import recording, starting
from popflix.engine.context import RunContext
from popflix.engine.fence import FenceLost
from popflix.engine.models import Run, RunLog, RunSample
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome, execute
from popflix.lib.logtail import LENGTH, LINES
from tests.popflix.engine.fakes import NOON, FakeClock, registered

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
log = logging.getLogger("tests.recording")
Foreground = Callable[[Body], RunOutcome]


@pytest.fixture(autouse=True)
def from_info_on() -> None:
    logging.getLogger().setLevel(logging.INFO)


def work(ctx: RunContext, *seconds: float, failed: int = 0) -> None:
    """A chunk of ten after each of these pauses."""
    for each in seconds:
        ctx.clock.sleep(each)
        with ctx.commit(done=10, ok=10 - failed, failed=failed):
            pass


def samples() -> list[tuple[float, int, int]]:
    """Seconds since noon, done, failed."""
    rows = RunSample.objects.order_by("pk").values_list("at", "done_count", "failed_count")
    return [((at - NOON).total_seconds(), done, failed) for at, done, failed in rows]


def logged() -> str:
    return RunLog.objects.get().text


# --- samples ------------------------------------------------------------------------------------


def test_a_run_keeps_how_far_it_was_every_few_seconds_and_at_its_end(
    foreground: Foreground,
) -> None:
    foreground(lambda ctx: work(ctx, 3, 3, 3, 3, 3, failed=1))
    assert samples() == [(6, 20, 2), (12, 40, 4), (15, 50, 5)]


def test_a_short_run_keeps_nothing(foreground: Foreground) -> None:
    foreground(lambda ctx: work(ctx, 1, 1, 1, 1))
    assert samples() == []
    assert not RunLog.objects.exists()


def test_progress_without_commits_is_kept_as_well(foreground: Foreground) -> None:
    def body(ctx: RunContext) -> None:
        for done in range(1, 5):
            ctx.clock.sleep(3)
            ctx.progress(done)

    foreground(body)
    assert samples() == [(6, 2, 0), (12, 4, 0), (12, 4, 0)]


def test_the_samples_of_a_long_run_stand_further_and_further_apart(
    foreground: Foreground,
) -> None:
    foreground(lambda ctx: work(ctx, *[300.0] * 96))  # eight hours
    seconds = [at for at, _, _ in samples()]
    gaps = [later - earlier for earlier, later in pairwise(seconds)]
    assert gaps[0] == 300
    assert gaps[-2] == 600


def test_a_run_that_goes_on_later_keeps_on_where_it_was(clock: FakeClock) -> None:
    def body(ctx: RunContext) -> dict[str, object]:
        work(ctx, 6)
        if not ctx.earlier:
            ctx.wait(100, "a while")
        return {"been": "here"}

    with registered(body):
        run = starting.enqueue("demo", {}, trigger="command", clock=clock)
        execute(run.pk, clock=clock)
        clock(100)
        execute(run.pk, clock=clock)
    assert samples() == [(6, 10, 0), (112, 20, 0), (112, 20, 0)]


def test_what_a_lost_fence_undoes_is_not_kept(foreground: Foreground, clock: FakeClock) -> None:
    def body(ctx: RunContext) -> None:
        work(ctx, 6)
        Run.objects.update(fence=9)
        log.info("nobody reads this")
        clock(9)
        with pytest.raises(FenceLost):
            work(ctx, 1)
        raise FenceLost(ctx.run_id, ctx.fence)

    foreground(body)
    assert samples() == [(6, 10, 0)]
    assert not RunLog.objects.exists()


def test_a_run_that_is_quick_and_quiet_costs_no_statement_more(foreground: Foreground) -> None:
    with CaptureQueriesContext(connection) as queries:
        foreground(lambda ctx: work(ctx, 1, 1))
    tables = (RunSample._meta.db_table, RunLog._meta.db_table)
    assert not [each["sql"] for each in queries if any(name in each["sql"] for name in tables)]


# --- log ----------------------------------------------------------------------------------------


def test_what_a_body_logs_and_notes_is_kept_with_the_run(foreground: Foreground) -> None:
    def body(ctx: RunContext) -> None:
        log.info("asked %s", "TMDB")
        log.debug("too small")
        ctx.note("Half of it is done.")

    foreground(body)
    first, second = logged().splitlines()
    assert first.endswith(" INFO asked TMDB")
    assert second == "2026-03-01 12:00:00 NOTE Half of it is done."


def test_what_breaks_a_run_is_kept_with_its_traceback(foreground: Foreground) -> None:
    def body(ctx: RunContext) -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        foreground(body)
    assert "ERROR demo broke" in logged()
    assert "Traceback" in logged()
    assert logged().endswith("ValueError: odd")


def test_no_secret_is_kept(foreground: Foreground) -> None:
    def body(ctx: RunContext) -> None:
        log.warning("GET /movie?api_key=abcdef123456")
        ctx.note("token=abcdef123456")

    foreground(body)
    assert "abcdef" not in logged()
    assert logged().count("[secret]") == 2


def test_lines_are_stored_while_the_run_works_but_seldom(foreground: Foreground) -> None:
    seen: list[str] = []

    def body(ctx: RunContext) -> None:
        for number in range(4):
            log.info("line %s", number)
            work(ctx, 3)
            seen.append("".join(RunLog.objects.values_list("text", flat=True))[-1:])

    foreground(body)
    assert seen == ["", "1", "1", "3"]


def test_only_the_last_lines_are_kept(foreground: Foreground) -> None:
    def body(ctx: RunContext) -> None:
        for number in range(LINES + 50):
            log.info("line %s", number)
        log.info("%send", "x " * LENGTH)

    foreground(body)
    assert len(logged()) <= LENGTH
    assert logged().endswith("x end")


@pytest.mark.skipif("connection.vendor != 'mysql'", reason="other databases hold all letters")
@pytest.mark.django_db(transaction=True)
def test_letters_that_an_old_database_lacks_break_no_run(foreground: Foreground) -> None:
    def body(ctx: RunContext) -> None:
        log.info("\u6771\u4eac \u00e9")

    alter = "ALTER TABLE engine_runlog MODIFY text longtext CHARACTER SET %s NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(alter % "latin1")
        try:
            assert foreground(body).run.status == "completed"
            assert logged().endswith("\\u6771\\u4eac \\xe9")
        finally:
            cursor.execute(alter % "utf8mb4")


def test_a_later_claim_writes_behind_an_earlier_one(clock: FakeClock) -> None:
    def body(ctx: RunContext) -> dict[str, object]:
        log.info("before" if not ctx.earlier else "after")
        if not ctx.earlier:
            ctx.wait(100, "a while")
        return {"been": "here"}

    with registered(body):
        run = starting.enqueue("demo", {}, trigger="command", clock=clock)
        execute(run.pk, clock=clock)
        clock(100)
        execute(run.pk, clock=clock)
    assert [line.split()[-1] for line in logged().splitlines()] == ["before", "after"]


def test_threads_of_the_run_are_heard_and_other_runs_are_not(foreground: Foreground) -> None:
    def say(text: str) -> None:
        log.info(text)

    def body(ctx: RunContext) -> None:
        mine = threading.Thread(target=copy_context().run, args=(say, "of my thread"))
        strange = threading.Thread(target=say, args=("of nobody",))
        for thread in (mine, strange):
            thread.start()
            thread.join()

    foreground(body)
    assert "of my thread" in logged()
    assert "of nobody" not in logged()


def test_other_packages_are_heard_when_they_warn(
    foreground: Foreground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("popflix.lib.logtail._OURS", "/elsewhere/")

    def body(ctx: RunContext) -> None:
        log.info("chatter")
        log.warning("trouble")

    foreground(body)
    assert "trouble" in logged()
    assert "chatter" not in logged()


def test_samples_and_log_go_with_the_run(foreground: Foreground) -> None:
    def body(ctx: RunContext) -> None:
        work(ctx, 6)
        log.info("said")

    foreground(body)
    assert RunSample.objects.exists()
    assert RunLog.objects.exists()
    Run.objects.all().delete()
    assert not RunSample.objects.exists()
    assert not RunLog.objects.exists()


@pytest.mark.parametrize(("age", "gap"), [(5, 5), (299, 5), (600, 10), (36_000, 600)])
def test_the_older_a_run_the_more_seldom_a_sample(age: float, gap: float) -> None:
    assert recording.gap_seconds(age) == pytest.approx(gap, rel=0.01)
