"""Threads that work for the engine: each closes its database connections when it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from django.db import connections

from popflix.lib.command import StopRequest

T = TypeVar("T")
log = logging.getLogger(__name__)


def in_thread(work: Callable[..., object], *arguments: object) -> threading.Thread:
    """Start the work in a thread of its own; what breaks it is logged."""

    def do() -> None:
        try:
            work(*arguments)
        except Exception:
            log.exception("a thread of the engine broke")
        finally:
            connections.close_all()

    made = threading.Thread(target=do)
    made.start()
    return made


async def beside(
    work: Callable[..., T], *arguments: Any, interrupted: StopRequest | None = None, **named: Any
) -> T:
    """Do what blocks in a thread of its own, and await it.

    A cancelled coroutine asks `interrupted` to stop and waits until the work has ended.
    """
    done: Future[T] = Future()

    def do() -> None:
        try:
            done.set_result(work(*arguments, **named))
        except BaseException as error:
            done.set_exception(error)
        finally:
            connections.close_all()

    threading.Thread(target=do).start()
    waiting = asyncio.wrap_future(done)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if interrupted is not None:
            interrupted.ask(signal.SIGINT)
        await asyncio.wait([waiting])
        raise
