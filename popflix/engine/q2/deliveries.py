"""What django-q2 calls."""

from __future__ import annotations

import logging

from django.db import DatabaseError, InterfaceError
from django_q.conf import Conf

from popflix.engine.liveness import this_process
from popflix.engine.models import Run
from popflix.engine.q2 import fallback, marks
from popflix.engine.q2.queue import dispatch
from popflix.engine.runner import execute
from popflix.engine.watch import Watcher
from popflix.lib.clock import SYSTEM_CLOCK

log = logging.getLogger(__name__)

# The cluster that ends may fetch once more what is put back: not as fast as it can.
PUT_BACK_SECONDS = 0.25


def run(run_id: int) -> None:
    """Run `run_id`, handing over long before django-q2's own time-out would kill the worker.

    A worker that is being stopped puts the delivery back for the next one. One that could not end
    its run ends itself.
    """
    folder = marks.of_this_cluster()
    if folder is None:
        _execute(run_id, None)
        return
    drain = folder.drain(SYSTEM_CLOCK)
    if drain:
        _put_back(run_id)
        return
    with folder.busy():
        _execute(run_id, drain)
        if _is_still_held(run_id):
            raise SystemExit(1)  # an orderly end; django-q2 starts another worker


def _execute(run_id: int, stop: marks.Drain | None) -> None:
    try:
        execute(run_id, longest_seconds=Conf.TIMEOUT / 2, stop=stop)
    except (DatabaseError, InterfaceError) as error:
        # The queue would store the error's text; the watcher delivers again.
        log.error("run %s could not be taken: %s", run_id, error)


def _put_back(run_id: int) -> None:
    SYSTEM_CLOCK.sleep(PUT_BACK_SECONDS)
    try:
        dispatch(run_id)
    except (DatabaseError, InterfaceError) as error:
        log.error("run %s could not be put back: %s", run_id, error)


def _is_still_held(run_id: int) -> bool:
    """Whether the run could not be ended, because the database was gone.

    Its process then has to go as well: the watcher never takes a run from a living process
    before long after the lease.
    """
    me = this_process()
    try:
        held = Run.objects.filter(pk=run_id, active_key__isnull=False, host=me.host, pid=me.pid)
        return held.filter(process_started_at=me.started).exists()
    except (DatabaseError, InterfaceError):
        return True


def tick() -> None:
    """The fallback: the supervisor ticks by itself, and far more often."""
    fallback.keep_one_tick()
    Watcher().tick()
