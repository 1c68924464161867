"""Coroutine functions as bodies.

The coroutine runs on an event loop in a thread of its own. All work with the database is done in
the thread that took the run, which waits for it meanwhile: it shares connection and transaction
with the coroutine's own ORM calls, if those are made as Django asks (`await x.asave()`,
`sync_to_async`). A look each second keeps the run's lease beaten on SQLite, stores what was told,
and sees a cancel or a pause for `should_stop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import CancelledError
from typing import Any, cast

from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError, InterfaceError

from popflix.engine import files
from popflix.engine.context import LONGEST_WAIT_HERE, SHORT_WAIT, RunContext
from popflix.engine.current import require_id
from popflix.engine.fence import FenceLost
from popflix.engine.lookout import LOOK_SECONDS, StopReason
from popflix.engine.registry import Body, Result
from popflix.engine.states import Kind

log = logging.getLogger(__name__)


def call(body: Body, ctx: RunContext) -> Result | None:
    """Call a body, function or coroutine function, and return what it found out."""
    gets = AsyncRunContext(ctx) if inspect.iscoroutinefunction(body) else ctx
    result = cast(Callable[[object], object], body)(gets)
    if inspect.isawaitable(result):  # a plain function may return a coroutine, too
        return _finish(gets if isinstance(gets, AsyncRunContext) else AsyncRunContext(ctx), result)
    return cast(Result | None, result)


class AsyncRunContext:
    """What a coroutine body gets: a RunContext of which nothing blocks the event loop.

    What is plain takes effect by the next commit or within a second; what takes time is awaited.
    Use it from the body's own event loop only.
    """

    def __init__(self, ctx: RunContext) -> None:
        self.run_id, self.fence, self.unit = ctx.run_id, ctx.fence, ctx.unit
        self.params: Mapping[str, object] = ctx.params
        self.earlier: Mapping[str, object] = ctx.earlier
        self.handed_on: Mapping[str, object] = ctx.handed_on
        self.clock = ctx.clock
        self.in_foreground = ctx.in_foreground
        self._ctx = ctx
        self._alone = asyncio.Lock()  # the connection has one transaction at a time
        self._progress: tuple[int | None, int | None] | None = None
        self._chunk: contextlib.AbstractContextManager[None] | None = None  # the latest commit

    def now(self) -> dt.datetime:
        return self.clock.now()

    @property
    def lease_prefix(self) -> str:
        return self._ctx.lease_prefix

    def lease_token(self, n: int) -> str:
        return self._ctx.lease_token(n)

    # --- telling ------------------------------------------------------------------------

    def progress(self, done: int | None = None, total: int | None = None) -> None:
        """Set absolute counts, None leaves one as it is."""
        before = self._progress or (None, None)
        self._progress = (
            before[0] if done is None else done,
            before[1] if total is None else total,
        )

    def milestone(self, milestone_id: str, /, **payload: object) -> None:
        """Tell that something is reached; part of the open commit where one is.

        Raises ValueError for an id that is empty or longer than 150 characters.
        """
        require_id(milestone_id)
        self._ctx.letterbox.put(Kind.MILESTONE, milestone_id, payload, self.clock)

    def note(self, text: str) -> None:
        """Tell the operator a sentence."""
        self._ctx.letterbox.put(Kind.NOTE, "", {"text": text}, self.clock)

    async def attach(
        self, name: str, content: str | bytes, *, content_type: str = files.UNKNOWN_TYPE
    ) -> None:
        """Keep a file with the run; see `RunContext.attach`."""
        if self._ctx.is_committing:
            await self._here(self._ctx.attach, name, content, content_type=content_type)
            return
        async with self._alone:
            await self._here(self._ctx.attach, name, content, content_type=content_type)

    # --- committing ---------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def commit(self, *, done: int = 0, ok: int = 0, failed: int = 0) -> AsyncIterator[None]:
        """One transaction that opens with the fenced UPDATE of the run; the counts are added.

        One at a time: a second coroutine of the body waits. Raises FenceLost, nothing written,
        when the run belongs to somebody else by now.
        """
        async with self._alone:
            await self._here(self._store_told)
            told_before = len(self._ctx.letterbox)
            self._chunk = self._ctx.commit(done=done, ok=ok, failed=failed)
            try:
                await self._here(self._chunk.__enter__)
                yield
                await self._here(self._ctx.write_letters)
                await self._here(self._chunk.__exit__, None, None, None)
            except BaseException as error:
                self._ctx.letterbox.drop_after(told_before)
                await self._here(self.abandon, error)
                raise
            await self._here(self._ctx.should_stop)

    def abandon(self, error: BaseException) -> None:
        """Roll the open commit back, if there is one; in the thread that took the run."""
        if self._chunk is not None and self._ctx.is_committing:
            self._chunk.__exit__(type(error), error, error.__traceback__)

    # --- stopping and waiting -----------------------------------------------------------

    def should_stop(self) -> bool:
        """Whether to return from the body between two chunks, as seen within the last second."""
        return self._ctx.stop_reason is not None

    @property
    def stop_reason(self) -> StopReason | None:
        return self._ctx.stop_reason

    async def wait(
        self, seconds: float, why: str, *, until: Callable[[], bool] | None = None
    ) -> bool:
        """Wait before going on; False: return from the body now. See `RunContext.wait`."""
        if seconds <= SHORT_WAIT:
            return await self._pause(seconds, until)
        if not self.in_foreground or seconds > LONGEST_WAIT_HERE:
            return bool(await self._look_and(self._ctx.wait, seconds, why))
        if await self._look_and(self._ctx.should_stop):
            return False
        resume_at = self.now() + dt.timedelta(seconds=seconds)
        await self._look_and(self._ctx.begin_wait, resume_at, why)
        goes_on = await self._pause(seconds, until)
        await self._look_and(self._ctx.end_wait)
        return goes_on

    async def _pause(self, seconds: float, until: Callable[[], bool] | None) -> bool:
        end = self.clock.monotonic() + seconds
        while not await self._look_and(self._ctx.should_stop):
            left = end - self.clock.monotonic()
            if left <= 0 or (until is not None and until()):
                return True
            await sync_to_async(self._ctx.sleep, thread_sensitive=False)(left)
        return False

    # --- the thread that took the run ---------------------------------------------------

    async def _here(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Do it in the thread that took the run; to its end, even when cancelled meanwhile."""
        doing = asyncio.ensure_future(sync_to_async(work)(*arguments, **named))
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait([doing])
            raise

    async def _look_and(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The same outside of every commit, with what was told stored before."""
        async with self._alone:
            await self._here(self._store_told)
            return await self._here(work, *arguments)

    def _store_told(self) -> None:
        self._store_progress()
        self._ctx.write_letters()

    def _store_progress(self) -> None:
        told, self._progress = self._progress, None
        if told is not None:
            self._ctx.progress(*told)

    async def look_on(self, is_over: asyncio.Event) -> None:
        """Look once a second until the body has ended, and store what it told last."""
        while not is_over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(is_over.wait(), LOOK_SECONDS)
            last = is_over.is_set()
            try:
                await self._look_and(self._store_told if last else self._ctx.should_stop)
            except FenceLost as lost:
                log.info("stopping: %s", lost)
                return
            except (DatabaseError, InterfaceError) as error:  # the next commit tells what it means
                log.warning("run %s cannot look at its row: %s", self.run_id, error)


class _Driver:
    """Brings the coroutine to its end from the thread that took the run."""

    def __init__(self, ctx: AsyncRunContext, body: Awaitable[Any]) -> None:
        self._ctx, self._body = ctx, body
        self._loop: asyncio.AbstractEventLoop | None = None
        self._working: asyncio.Future[Result | None] | None = None

    async def drive(self) -> Result | None:
        self._loop = asyncio.get_running_loop()
        self._working = asyncio.ensure_future(self._body)
        is_over = asyncio.Event()
        looking = asyncio.create_task(self._ctx.look_on(is_over))
        try:
            return await self._working
        finally:
            is_over.set()
            await looking

    def interrupt(self) -> None:
        """From the waiting thread: a second Ctrl-C ends the coroutine where it awaits."""
        if self._loop is not None and self._working is not None:
            with contextlib.suppress(RuntimeError, CancelledError):  # it has ended
                self._loop.call_soon_threadsafe(self._working.cancel)


def _finish(ctx: AsyncRunContext, body: Awaitable[Any]) -> Result | None:
    driver = _Driver(ctx, body)
    try:
        return async_to_sync(driver.drive)()
    except KeyboardInterrupt as interrupt:
        driver.interrupt()
        ctx.abandon(interrupt)
        raise
