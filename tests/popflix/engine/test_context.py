"""What a body can do with its run, and how its run stops it."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection

from popflix.engine import cancelling, runs
from popflix.engine.context import FenceLost, RunContext, StopReason
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.starting import enqueue
from tests.popflix.engine.fakes import NOON, FakeClock, FakeReporter, FakeStop, registered
from tests.popflix.engine.vendors import on_sqlite

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def nothing(ctx: RunContext) -> None:
    """These tests hold the context themselves."""


@pytest.fixture
def reporter() -> FakeReporter:
    return FakeReporter()


@pytest.fixture
def run(clock: FakeClock) -> Iterator[Run]:
    with registered(nothing, "demo", slots=2):
        stored = enqueue("demo", {"n": 1}, trigger="command", clock=clock)
        claimed = runs.claim_run(stored.pk, clock=clock)
        assert claimed is not None
        yield claimed


@pytest.fixture
def ctx(run: Run, clock: FakeClock, stop: FakeStop, reporter: FakeReporter) -> RunContext:
    """A foreground run's."""
    return RunContext(run, clock=clock, stop=stop, reporter=reporter)


@pytest.fixture
def queue_ctx(run: Run, clock: FakeClock, stop: FakeStop) -> RunContext:
    return RunContext(run, clock=clock, stop=stop, longest_seconds=60)


def stored(ctx: RunContext) -> Run:
    return Run.objects.get(pk=ctx.run_id)


def told(ctx: RunContext, kind: str) -> list[Event]:
    return list(Event.objects.filter(run_id=ctx.run_id, kind=kind).order_by("id"))


def take_away(ctx: RunContext, clock: FakeClock) -> None:
    """Another process takes the run over."""
    clock(31)
    assert runs.claim_run(ctx.run_id, clock=clock) is not None


def test_a_body_sees_its_parameters_its_clock_and_its_tokens(ctx: RunContext) -> None:
    assert ctx.params == {"n": 1}
    assert ctx.now() == NOON
    assert ctx.lease_token(7) == f"{ctx.run_id}-1-7"


# --- committing -------------------------------------------------------------------------


def test_a_commit_adds_the_counts_and_prolongs_the_lease(
    ctx: RunContext, clock: FakeClock, reporter: FakeReporter
) -> None:
    clock(12)
    with ctx.commit(done=3, ok=2, failed=1):
        pass
    with ctx.commit(done=2, ok=2):
        pass
    run = stored(ctx)
    assert (run.done_count, run.ok_count, run.failed_count) == (5, 4, 1)
    assert run.heartbeat_at == clock.now()
    assert run.lease_until == clock.now() + dt.timedelta(seconds=30)
    assert reporter.shown == [(3, None), (5, None)]


def test_a_commit_opens_with_the_fenced_update(ctx: RunContext) -> None:
    statements: list[str] = []

    def listen(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(listen), ctx.commit():
        Event.objects.create(unit="demo", at=NOON, kind="note")
    wrote = [sql for sql in statements if not sql.startswith(("SAVEPOINT", "RELEASE"))]
    assert wrote[0].startswith("UPDATE")
    assert "engine_run" in wrote[0]
    assert "fence" in wrote[0].partition("WHERE")[2]


def test_a_commit_that_breaks_leaves_nothing(ctx: RunContext) -> None:
    def commit() -> None:
        with ctx.commit(done=1):
            ctx.note("gone with the rest")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        commit()
    assert stored(ctx).done_count == 0
    assert told(ctx, "note") == []


def test_without_its_fence_a_run_writes_nothing(ctx: RunContext, clock: FakeClock) -> None:
    take_away(ctx, clock)
    entered = False
    with pytest.raises(FenceLost):
        ctx.note("late")
    with pytest.raises(FenceLost):
        ctx.milestone("late")
    with pytest.raises(FenceLost):
        ctx.progress(5, 10)
    with pytest.raises(FenceLost), ctx.commit(done=1):
        entered = True
    assert not entered
    assert ctx.stop_reason is StopReason.LOST
    assert told(ctx, "note") == told(ctx, "milestone") == []
    assert (stored(ctx).done_count, stored(ctx).total_count) == (0, None)


# --- telling ----------------------------------------------------------------------------


def test_a_note_is_an_event_and_a_line(ctx: RunContext, reporter: FakeReporter) -> None:
    ctx.note("half way")
    assert [event.payload for event in told(ctx, "note")] == [{"text": "half way"}]
    assert reporter.notes == ["half way"]


def test_a_milestone_has_a_name_and_a_payload_that_json_can_hold(ctx: RunContext) -> None:
    with ctx.commit():
        ctx.milestone("titles-loaded", count=3, at=NOON, by=("token=abcdef", None, {"a": 1.5}))
    (event,) = told(ctx, "milestone")
    assert event.milestone_id == "titles-loaded"
    assert event.payload == {
        "count": 3,
        "at": str(NOON),
        "by": ["token=[secret]", None, {"a": 1.5}],
    }


def test_progress_is_shown_at_once_and_stored_once_a_second(
    ctx: RunContext, clock: FakeClock, reporter: FakeReporter
) -> None:
    ctx.progress(1, 10)
    assert reporter.shown == [(1, 10)]
    assert stored(ctx).total_count is None
    clock(1)
    ctx.progress(2)
    assert (stored(ctx).done_count, stored(ctx).total_count) == (2, 10)
    ctx.progress(total=20)
    ctx.flush()
    ctx.flush()
    assert (stored(ctx).done_count, stored(ctx).total_count) == (2, 20)


def test_a_total_told_once_is_stored_by_the_next_commit(ctx: RunContext) -> None:
    ctx.progress(total=10)
    with ctx.commit(done=1):
        pass
    assert (stored(ctx).done_count, stored(ctx).total_count) == (1, 10)


def test_a_run_without_a_reporter_shows_nothing_and_works(queue_ctx: RunContext) -> None:
    queue_ctx.note("silent")
    queue_ctx.progress(1, 2)
    assert len(told(queue_ctx, "note")) == 1


# --- stopping ---------------------------------------------------------------------------


def test_a_run_goes_on_while_nobody_objects(ctx: RunContext) -> None:
    assert not ctx.should_stop()
    assert ctx.stop_reason is None


def test_a_signal_stops_a_run(ctx: RunContext, stop: FakeStop) -> None:
    stop.ask(signal.SIGTERM)
    assert ctx.should_stop()
    assert ctx.stop_reason is StopReason.SIGNAL
    assert ctx.signal_number == signal.SIGTERM


def test_a_cancel_is_noticed_within_a_second(ctx: RunContext, clock: FakeClock) -> None:
    assert not ctx.should_stop()
    cancelling.cancel(ctx.run_id, by="ada", clock=clock)
    assert not ctx.should_stop()
    clock(1)
    assert ctx.should_stop()
    assert ctx.stop_reason is StopReason.CANCEL
    assert ctx.signal_number is None


def test_a_lost_fence_outweighs_any_other_reason(
    ctx: RunContext, clock: FakeClock, stop: FakeStop
) -> None:
    stop.ask(signal.SIGINT)
    assert ctx.should_stop()
    take_away(ctx, clock)
    assert ctx.should_stop()
    assert ctx.stop_reason is StopReason.LOST


def test_an_ended_run_counts_as_lost(ctx: RunContext, clock: FakeClock) -> None:
    runs.mark_lost(stored(ctx), "thought dead", clock=clock)
    assert ctx.should_stop()
    assert ctx.stop_reason is StopReason.LOST


def test_a_database_in_trouble_is_no_reason_to_stop(
    ctx: RunContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(lookout: object) -> None:
        raise OperationalError("server has gone away")

    monkeypatch.setattr("popflix.engine.lookout.Lookout._look_at_row", broken)
    assert not ctx.should_stop()
    assert "gone away" in caplog.text


def test_a_queue_run_lets_others_pass_after_thirty_seconds(
    queue_ctx: RunContext, clock: FakeClock
) -> None:
    clock(31)
    assert not queue_ctx.should_stop()
    enqueue("demo", {}, trigger="admin", clock=clock)
    clock(1)
    assert queue_ctx.should_stop()
    assert queue_ctx.stop_reason is StopReason.YIELD


def test_a_queue_run_ends_its_delivery_in_time_though_nobody_waits(
    queue_ctx: RunContext, clock: FakeClock
) -> None:
    clock(60)
    assert queue_ctx.should_stop()
    assert queue_ctx.stop_reason is StopReason.YIELD


def test_a_foreground_run_yields_to_nobody(ctx: RunContext, clock: FakeClock) -> None:
    enqueue("demo", {}, trigger="admin", clock=clock)
    clock(3600)
    assert not ctx.should_stop()


# --- waiting ----------------------------------------------------------------------------


def test_a_foreground_run_waits_up_to_a_minute_itself(
    ctx: RunContext, clock: FakeClock, reporter: FakeReporter
) -> None:
    seen: list[str] = []

    def look() -> bool:
        seen.append(stored(ctx).status)
        return False

    assert ctx.wait(20, "TMDB asked for a pause", until=look)
    assert set(seen) == {RunStatus.WAITING}
    assert clock.monotonic() == pytest.approx(20)
    run = stored(ctx)
    assert (run.status, run.resume_at, run.wait_reason) == (RunStatus.RUNNING, None, "")
    (waiting,) = told(ctx, "waiting")
    assert waiting.payload["why"] == "TMDB asked for a pause"
    assert len(told(ctx, "resume")) == 1
    assert reporter.notes == ["Waiting up to 20 s: TMDB asked for a pause"]


def test_a_wait_ends_early_when_its_reason_is_gone(ctx: RunContext, clock: FakeClock) -> None:
    assert ctx.wait(50, "others work", until=lambda: clock.monotonic() >= 3)
    assert clock.monotonic() == pytest.approx(3)


def test_a_wait_ends_at_a_signal_and_the_body_may_still_tell(
    ctx: RunContext, stop: FakeStop
) -> None:
    def interrupt() -> bool:
        stop.ask(signal.SIGINT)
        return False

    assert not ctx.wait(50, "a pause", until=interrupt)
    ctx.note("3 rows are left")
    assert stored(ctx).status == RunStatus.RUNNING


def test_a_run_that_is_lost_while_it_waits_writes_nothing(
    ctx: RunContext, clock: FakeClock
) -> None:
    def lose() -> bool:
        runs.mark_lost(stored(ctx), "thought dead", clock=clock)
        return False

    assert not ctx.wait(50, "a pause", until=lose)
    assert ctx.stop_reason is StopReason.LOST
    assert told(ctx, "resume") == []


def test_a_run_that_must_stop_does_not_begin_to_wait(ctx: RunContext, stop: FakeStop) -> None:
    stop.ask(signal.SIGINT)
    assert not ctx.wait(20, "a pause")
    assert told(ctx, "waiting") == []


def test_a_short_wait_is_not_told(ctx: RunContext, clock: FakeClock) -> None:
    assert ctx.wait(4, "a moment")
    assert clock.monotonic() == pytest.approx(4)
    assert told(ctx, "waiting") == []


def test_a_foreground_run_refuses_a_long_wait_and_says_so(
    ctx: RunContext, clock: FakeClock, reporter: FakeReporter
) -> None:
    assert not ctx.wait(61, "TMDB asked for a pause")
    assert clock.monotonic() == 0
    assert reporter.notes == ["Not waiting 61 s: TMDB asked for a pause"]
    assert stored(ctx).status == RunStatus.RUNNING


def test_a_queue_run_asks_to_be_parked(queue_ctx: RunContext, clock: FakeClock) -> None:
    assert not queue_ctx.wait(300, "TMDB asked for a pause")
    assert clock.monotonic() == 0
    assert queue_ctx.parking is not None
    assert queue_ctx.parking.resume_at == NOON + dt.timedelta(seconds=300)


@on_sqlite
def test_a_waiting_run_beats_by_itself_on_sqlite(ctx: RunContext) -> None:
    beats: set[dt.datetime | None] = set()

    def look() -> bool:
        beats.add(stored(ctx).heartbeat_at)
        return False

    assert ctx.wait(45, "a pause", until=look)
    assert len(beats) == 5  # at the start and every ten seconds
