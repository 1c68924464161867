"""A unit runs in the foreground: how it begins, and all the ways it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db import OperationalError

from popflix.engine import cancelling, events, leases, runs
from popflix.engine.context import RunContext
from popflix.engine.models import Run, RunStatus
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome, run_in_foreground
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import FakeClock, FakeReporter, FakeStop, registered
from tests.popflix.engine.seen import kinds, last, last_payload

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]

Foreground = Callable[[Body], RunOutcome]


def test_a_body_that_returns_has_completed_its_run(
    foreground: Foreground,
) -> None:
    def body(ctx: RunContext) -> Mapping[str, object]:
        with ctx.commit(done=2, ok=2):
            return {"loaded": ctx.params["n"]}

    outcome = foreground(body)
    assert outcome.run.done_count == 2
    assert outcome.result == {"loaded": 1}
    assert outcome.stopped_by is None
    run = last()
    assert outcome.run == run
    assert (run.status, run.trigger, run.result) == ("completed", "command", {"loaded": 1})
    assert kinds(run) == ["queued", "start", "complete"]


def test_progress_that_was_not_stored_yet_is_stored_at_the_end(
    foreground: Foreground,
) -> None:
    foreground(lambda ctx: ctx.progress(3, 7))
    assert (last().done_count, last().total_count) == (3, 7)


def test_an_error_is_stored_without_secrets_and_raised(
    foreground: Foreground,
) -> None:
    def body(ctx: RunContext) -> None:
        raise ValueError("GET /movie?api_key=abcdef broke")

    with pytest.raises(ValueError, match="broke"):
        foreground(body)
    run = last()
    assert (run.status, run.active_key) == (RunStatus.ERROR, None)
    assert run.error == "ValueError: GET /movie?api_key=[secret] broke"


def test_an_error_in_words_that_no_database_takes_ends_the_run_all_the_same(
    foreground: Foreground,
) -> None:
    """A file's name that is no UTF-8 comes with half a character in it."""

    def body(ctx: RunContext) -> None:
        ctx.note("reading \udc80.csv")
        raise ValueError("no such file: \udc80.csv")

    with pytest.raises(ValueError, match="no such file"):
        foreground(body)
    run = last()
    assert (run.status, run.active_key) == (RunStatus.ERROR, None)
    assert run.error == "ValueError: no such file: \\udc80.csv"


def test_a_milestone_without_an_id_is_refused(foreground: Foreground) -> None:
    with pytest.raises(ValueError, match="1 to 150 characters"):
        foreground(lambda ctx: ctx.milestone(""))
    assert last().status == RunStatus.ERROR


def test_a_result_that_is_no_number_does_not_break_the_run(foreground: Foreground) -> None:
    assert foreground(lambda ctx: {"rate": float("nan")}).run.status == RunStatus.COMPLETED
    assert last().result == {"rate": "nan"}


def test_an_operators_error_is_stored_as_the_operator_reads_it(
    foreground: Foreground,
) -> None:
    def body(ctx: RunContext) -> None:
        raise OperatorError("No key is set.", "Set TMDB_API_KEY.")

    with pytest.raises(OperatorError):
        foreground(body)
    assert last().error == "No key is set. Set TMDB_API_KEY."


def test_a_signal_ends_the_run_as_cancelled_naming_the_signal(
    foreground: Foreground, stop: FakeStop
) -> None:
    def body(ctx: RunContext) -> Mapping[str, object]:
        stop.ask(signal.SIGTERM)
        assert ctx.should_stop()
        return {"done": 3}

    outcome = foreground(body)
    assert outcome.stopped_by == signal.SIGTERM
    run = last()
    assert (run.status, run.result) == (RunStatus.CANCELLED, {"done": 3})
    assert last_payload(run) == {"why": "stopped by SIGTERM", "signal": "SIGTERM"}


def test_a_signal_that_came_after_the_work_was_done_changes_nothing(
    foreground: Foreground, stop: FakeStop
) -> None:
    outcome = foreground(lambda ctx: stop.ask(signal.SIGINT))
    assert outcome.stopped_by is None
    assert last().status == RunStatus.COMPLETED


def test_a_signal_during_a_wait_ends_the_run(foreground: Foreground, stop: FakeStop) -> None:
    def ring() -> bool:
        stop.ask(signal.SIGINT)
        return False

    def body(ctx: RunContext) -> None:
        assert not ctx.wait(30, "a pause", until=ring)

    assert foreground(body).stopped_by == signal.SIGINT
    assert kinds(last()) == ["queued", "start", "waiting", "resume", "cancel"]


def test_a_second_signal_cancels_on_the_spot_and_returns_the_rows(
    foreground: Foreground,
) -> None:
    returned: list[str] = []
    hook = leases.on_run_lost(lambda run, prefix: returned.append(prefix))

    def body(ctx: RunContext) -> None:
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            foreground(body)
    finally:
        leases.forget(hook)
    assert last().status == RunStatus.CANCELLED
    assert returned == [f"{last().pk}-1-"]


def test_a_cancelled_run_stops_between_chunks(foreground: Foreground, clock: FakeClock) -> None:
    def body(ctx: RunContext) -> None:
        cancelling.cancel(ctx.run_id, by="ada", clock=clock)
        assert ctx.should_stop()

    assert foreground(body).stopped_by is None
    assert kinds(last()) == ["queued", "start", "note", "cancel"]


def test_a_run_that_somebody_else_ended_stops_quietly(
    foreground: Foreground, clock: FakeClock
) -> None:
    def body(ctx: RunContext) -> Mapping[str, object]:
        runs.mark_lost(Run.objects.get(pk=ctx.run_id), "thought dead", clock=clock)
        with ctx.commit(done=1):
            raise AssertionError("a lost run wrote")

    outcome = foreground(body)
    assert outcome.result == {}
    assert outcome.run.status == RunStatus.LOST
    assert kinds(last()) == ["queued", "start", "lost"]


def test_a_run_that_noticed_its_loss_writes_no_ending(
    foreground: Foreground, clock: FakeClock
) -> None:
    def body(ctx: RunContext) -> None:
        runs.mark_lost(Run.objects.get(pk=ctx.run_id), "thought dead", clock=clock)
        assert ctx.should_stop()

    foreground(body)
    assert kinds(last()) == ["queued", "start", "lost"]


def test_an_error_of_a_lost_run_is_raised_but_not_stored(
    foreground: Foreground, clock: FakeClock
) -> None:
    def body(ctx: RunContext) -> None:
        runs.mark_lost(Run.objects.get(pk=ctx.run_id), "thought dead", clock=clock)
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        foreground(body)
    assert last().status == RunStatus.LOST


def test_a_run_whose_end_cannot_be_stored_is_left_to_its_lease(
    foreground: Foreground,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def gone(*args: object, **kwargs: object) -> None:
        raise OperationalError(2006, "server has gone away")

    def body(ctx: RunContext) -> None:
        monkeypatch.setattr(runs, "finish", gone)
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        foreground(body)
    assert "could not be ended" in caplog.text


def test_runs_of_dead_processes_are_ended_first(foreground: Foreground, clock: FakeClock) -> None:
    with registered(lambda ctx: None):
        dead = runs.create_run(
            "demo", {}, trigger="command", clock=clock, status=RunStatus.RUNNING
        )
    Run.objects.filter(pk=dead.pk).update(host="elsewhere")
    clock(31)
    assert foreground(lambda ctx: None).run.slot == 0
    assert Run.objects.get(pk=dead.pk).status == RunStatus.LOST


def test_a_busy_unit_refuses_a_second_command(foreground: Foreground, clock: FakeClock) -> None:
    def body(ctx: RunContext) -> None:
        with pytest.raises(runs.Busy, match=f"run {ctx.run_id} "):
            run_in_foreground("demo", {}, stop=FakeStop(clock), clock=clock)

    assert foreground(body).run.status == RunStatus.COMPLETED


def test_a_foreground_run_shows_itself(clock: FakeClock, stop: FakeStop) -> None:
    reporter = FakeReporter()

    def body(ctx: RunContext) -> None:
        ctx.progress(1, 2)
        ctx.note("half way")

    with registered(body):
        run_in_foreground("demo", {}, stop=stop, reporter=reporter, clock=clock)
    assert (reporter.shown, reporter.notes) == ([(1, 2)], ["half way"])


def test_an_error_during_a_wait_ends_the_run_from_there(
    foreground: Foreground,
) -> None:
    def broken() -> bool:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        foreground(lambda ctx: {"waited": ctx.wait(30, "a pause", until=broken)})
    assert kinds(last()) == ["queued", "start", "waiting", "error"]


def test_an_ending_that_could_not_be_stored_whole_becomes_an_error(
    foreground: Foreground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_once(*what: Any, **more: Any) -> object:
        monkeypatch.setattr("popflix.engine.changes.tell", events.tell)
        raise OperationalError(1205, "Lock wait timeout exceeded")

    def body(ctx: RunContext) -> None:
        monkeypatch.setattr("popflix.engine.changes.tell", refuse_once)

    with pytest.raises(OperationalError):
        foreground(body)
    assert kinds(last()) == ["queued", "start", "error"]
