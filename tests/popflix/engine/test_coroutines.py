"""A coroutine function as a body: the same run, the same stops, and nothing blocks its loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Mapping

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from popflix.engine import coroutines, fence, files, pauses, runs
from popflix.engine.coroutines import AsyncRunContext
from popflix.engine.current import emit_milestone
from popflix.engine.fence import FenceLost
from popflix.engine.models import Event, Run, RunStatus
from popflix.engine.registry import Body
from popflix.engine.runner import RunOutcome, execute, run_in_foreground
from popflix.engine.starting import enqueue
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import FakeClock, FakeReporter, FakeStop, registered
from tests.popflix.engine.rows import Job
from tests.popflix.engine.seen import kinds, last

pytestmark = [pytest.mark.usefixtures("jobs"), pytest.mark.both_databases]

Foreground = Callable[[Body], RunOutcome]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that come every second come every hundredth."""
    monkeypatch.setattr(coroutines, "LOOK_SECONDS", 0.01)


def told() -> list[str]:
    return list(
        Event.objects.filter(kind="milestone")
        .order_by("id")
        .values_list("milestone_id", flat=True)
    )


def test_a_coroutine_that_returns_has_completed_its_run(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> Mapping[str, object]:
        await asyncio.sleep(0)
        async with ctx.commit(done=2, ok=2):
            await Job.objects.acreate(name="one")
        ctx.progress(total=7)
        return {"n": ctx.params["n"], "fence": ctx.fence, "prefix": ctx.lease_prefix}

    outcome = foreground(body)
    run = last()
    assert (run.status, run.result["n"], run.done_count) == ("completed", 1, 2)
    assert (run.total_count, run.ok_count) == (7, 2)
    assert outcome.result == {"n": 1, "fence": 1, "prefix": f"{run.pk}-1-"}
    assert kinds(run) == ["queued", "start", "complete"]
    assert Job.objects.count() == 1


def test_orm_calls_share_the_thread_and_the_transaction_of_the_run(
    foreground: Foreground,
) -> None:
    threads: set[int] = set()

    def here() -> bool:
        threads.add(threading.get_ident())
        return connection.in_atomic_block

    async def body(ctx: AsyncRunContext) -> None:
        threads.add(threading.get_ident())
        async with ctx.commit():
            assert await sync_to_async(here)()

    foreground(body)
    assert len(threads) == 2  # the event loop's, and the run's
    assert threading.get_ident() in threads


def test_milestones_are_told_in_their_order_from_wherever_they_come(
    foreground: Foreground,
) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        ctx.milestone("first", n=1)
        emit_milestone("second", {"n": 2})
        await asyncio.create_task(child())
        async with ctx.commit():
            ctx.milestone("fifth")
        ctx.note("half way")
        await asyncio.to_thread(emit_milestone, "sixth")

    async def child() -> None:
        emit_milestone("third")
        await asyncio.sleep(0)
        emit_milestone("fourth")

    foreground(body)
    assert told() == ["first", "second", "third", "fourth", "fifth", "sixth"]
    assert set(Event.objects.values_list("run", flat=True)) == {last().pk}
    assert kinds(last())[-3:] == ["note", "milestone", "complete"]


def test_what_a_failed_commit_told_is_not_stored(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        ctx.milestone("before")
        try:
            async with ctx.commit(done=1):
                ctx.milestone("within")
                await Job.objects.acreate(name="one")
                raise KeyError
        except KeyError:
            ctx.milestone("after")

    foreground(body)
    assert told() == ["before", "after"]
    assert (last().done_count, Job.objects.count()) == (0, 0)


def test_an_error_is_stored_and_raised_with_what_was_told_before(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        ctx.milestone("before")
        await asyncio.sleep(0)
        raise ValueError("GET /movie?api_key=abcdef broke")

    with pytest.raises(ValueError, match="broke"):
        foreground(body)
    assert last().error == "ValueError: GET /movie?api_key=[secret] broke"
    assert kinds(last()) == ["queued", "start", "milestone", "error"]


def test_a_milestone_whose_id_cannot_be_stored_breaks_the_body_and_not_its_end(
    foreground: Foreground,
) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        ctx.milestone("x" * 151)

    with pytest.raises(ValueError, match="1 to 150 characters"):
        foreground(body)
    assert (last().status, last().active_key) == (RunStatus.ERROR, None)


def test_an_operators_error_is_stored_as_the_operator_reads_it(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        raise OperatorError("No key is set.", "Set TMDB_API_KEY.")

    with pytest.raises(OperatorError):
        foreground(body)
    assert last().error == "No key is set. Set TMDB_API_KEY."


def test_a_signal_is_seen_while_the_coroutine_awaits(
    foreground: Foreground, stop: FakeStop
) -> None:
    async def body(ctx: AsyncRunContext) -> Mapping[str, object]:
        stop.ask(signal.SIGTERM)
        await until_told_to_stop(ctx)
        return {"reason": str(ctx.stop_reason)}

    assert foreground(body).stopped_by == signal.SIGTERM
    assert (last().status, last().result) == ("cancelled", {"reason": "signal"})


async def until_told_to_stop(ctx: AsyncRunContext) -> None:
    async with asyncio.timeout(5):
        while not ctx.should_stop():
            await asyncio.sleep(0.005)


def test_a_pause_is_seen_and_no_further_chunk_is_committed(
    foreground: Foreground, clock: FakeClock
) -> None:
    def pause() -> None:
        pauses.pause("demo", by="ada", why="the disk is full", now=clock.now())

    async def body(ctx: AsyncRunContext) -> None:
        while not ctx.should_stop():
            clock(2)
            async with ctx.commit(done=1):
                await sync_to_async(pause)()

    foreground(body)
    assert (last().status, last().done_count) == ("cancelled", 1)
    assert last().error == "paused by ada: the disk is full"


def test_a_cancelled_run_stops(foreground: Foreground, clock: FakeClock) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        await Run.objects.filter(pk=ctx.run_id).aupdate(cancel_requested_at=clock.now())
        clock(2)
        await until_told_to_stop(ctx)

    foreground(body)
    assert (last().status, last().error) == ("cancelled", "cancelled by an operator")


def test_a_lost_run_writes_nothing_more(foreground: Foreground, clock: FakeClock) -> None:
    def take_away() -> None:
        Run.objects.update(fence=7)

    async def body(ctx: AsyncRunContext) -> None:
        await sync_to_async(take_away)()
        with pytest.raises(FenceLost):
            async with ctx.commit(done=1):
                raise AssertionError("a lost run wrote")
        await until_told_to_stop(ctx)
        ctx.milestone("too late")

    foreground(body)
    assert (last().status, last().done_count, told()) == ("running", 0, [])


def test_a_coroutine_that_awaits_for_long_still_beats(
    foreground: Foreground, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "vendor", "sqlite")  # elsewhere a thread beats

    async def body(ctx: AsyncRunContext) -> None:
        async with asyncio.timeout(5):
            for _ in range(6):
                clock(fence.BEAT_SECONDS)
                wanted = clock.now()
                while (await Run.objects.aget()).heartbeat_at != wanted:
                    await asyncio.sleep(0.005)

    foreground(body)
    assert last().status == "completed"


def test_a_wait_shows_itself_and_blocks_nobody(foreground: Foreground, clock: FakeClock) -> None:
    seen: list[str] = []

    async def body(ctx: AsyncRunContext) -> Mapping[str, object]:
        beside = asyncio.create_task(look())
        assert await ctx.wait(3, "a short one")
        waited = await ctx.wait(30, "the other side is closed", until=lambda: bool(seen))
        await beside
        return {"waited": waited}

    async def look() -> None:
        async with asyncio.timeout(5):
            while (await Run.objects.aget()).status != RunStatus.WAITING:
                await asyncio.sleep(0.002)
        seen.append("waiting")

    stop_slowly(clock)
    assert foreground(body).result == {"waited": True}
    assert kinds(last()) == ["queued", "start", "waiting", "resume", "complete"]


def stop_slowly(clock: FakeClock) -> None:
    """A second of the fake clock takes a few milliseconds of the machine's."""
    sleep = clock.sleep

    def slowly(seconds: float) -> None:
        time.sleep(0.005)
        sleep(min(seconds, 0.05))

    clock.sleep = slowly  # type: ignore[method-assign]


def test_a_wait_that_is_too_long_for_here_ends_the_body(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> Mapping[str, object]:
        return {"waited": await ctx.wait(600, "the other side is closed")}

    assert foreground(body).result == {"waited": False}
    assert kinds(last()) == ["queued", "start", "note", "complete"]


def test_a_signal_ends_a_wait(foreground: Foreground, stop: FakeStop) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        stop.ask(signal.SIGINT)
        assert not await ctx.wait(30, "a pause")
        assert not await ctx.wait(3, "a short one")

    assert foreground(body).stopped_by == signal.SIGINT


def test_on_the_queue_a_wait_parks_the_run_and_it_goes_on_later(clock: FakeClock) -> None:
    async def body(ctx: AsyncRunContext) -> Mapping[str, object] | None:
        if not ctx.earlier and not await ctx.wait(600, "Retry-After"):
            return {"tries": 1}
        return {"tries": 2}

    with registered(body):
        run = enqueue("demo", {}, trigger="schedule", clock=clock)
        execute(run.pk, clock=clock)
        assert (last().status, last().wait_reason) == ("waiting", "Retry-After")
        clock(600)
        execute(run.pk, clock=clock)
    assert (last().status, last().result) == ("completed", {"tries": 2})


def test_a_file_is_attached_alone_and_within_a_commit(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        await ctx.attach("a.txt", "alone")
        async with ctx.commit():
            await ctx.attach("b.txt", "within")

    run = foreground(body).run
    assert [each.name for each in files.files_of(run.pk)] == ["a.txt", "b.txt"]


def test_commits_of_several_coroutines_come_one_after_the_other(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        async def chunk(n: int) -> None:
            async with ctx.commit(done=1):
                await Job.objects.acreate(name=f"job-{n}")
                await asyncio.sleep(0.001)

        await asyncio.gather(*(chunk(n) for n in range(5)))

    assert foreground(body).run.done_count == 5
    assert Job.objects.count() == 5


def test_a_commit_that_timed_out_is_rolled_back(foreground: Foreground) -> None:
    async def body(ctx: AsyncRunContext) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02), ctx.commit(done=1):
                await Job.objects.acreate(name="one")
                await asyncio.sleep(5)
        async with ctx.commit(done=1):
            await Job.objects.acreate(name="two")

    assert foreground(body).run.done_count == 1
    assert [job.name for job in Job.objects.all()] == ["two"]


def test_a_second_ctrl_c_ends_the_coroutine_on_the_spot(foreground: Foreground) -> None:
    ended: list[str] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    async def body(ctx: AsyncRunContext) -> None:
        try:
            async with ctx.commit(done=1):
                await Job.objects.acreate(name="one")
                await sync_to_async(interrupt)()
        finally:
            ended.append("yes")

    with pytest.raises(KeyboardInterrupt):
        foreground(body)
    assert (last().status, last().done_count, Job.objects.count()) == ("cancelled", 0, 0)
    assert ended == ["yes"]


def test_a_plain_function_may_return_a_coroutine(foreground: Foreground) -> None:
    async def later() -> Mapping[str, object]:
        emit_milestone("told")
        return {"came": "later"}

    def body(ctx: object) -> object:
        return later()

    assert foreground(body).result == {"came": "later"}  # type: ignore[arg-type]
    assert told() == ["told"]


def test_a_coroutine_shows_itself(clock: FakeClock, stop: FakeStop) -> None:
    reporter = FakeReporter()

    async def body(ctx: AsyncRunContext) -> None:
        ctx.progress(1, 2)
        ctx.note("half way")

    with registered(body):
        run_in_foreground("demo", {}, stop=stop, reporter=reporter, clock=clock)
    assert (reporter.shown, reporter.notes) == ([(1, 2)], ["half way"])


def test_a_database_that_is_away_for_a_moment_ends_nothing(
    foreground: Foreground, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import OperationalError

    def gone(*args: object, **kwargs: object) -> bool:
        raise OperationalError(2006, "server has gone away")

    async def body(ctx: AsyncRunContext) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(fence, "set_progress", gone)
            ctx.clock.sleep(2)
            ctx.progress(1, 2)
            async with asyncio.timeout(5):
                while "cannot look at its row" not in caplog.text:
                    await asyncio.sleep(0.005)

    assert foreground(body).run.status == "completed"
    assert runs.someone_waits(last().queued_at) is False
