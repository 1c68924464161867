"""One measurement in a process of its own: `python -m tests.benchmarks.noop WHAT COUNT`.

Prints one JSON object. The cluster that does the work is the caller's.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.noop.settings")

import django

django.setup()

from django.db import transaction  # noqa: E402 - after the set-up
from django_q.models import OrmQ, Task  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from popflix.engine import create_manager  # noqa: E402
from popflix.engine.models import Event, Run, RunStatus  # noqa: E402
from popflix.engine.starting import enqueue  # noqa: E402

UNIT = "do-nothing"
LONGEST_SECONDS = 300.0
LOOK_SECONDS = 0.02


def nothing() -> None:
    """The bare queue's peer of the unit."""


def wait_for(is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not is_done():
        if time.monotonic() > end:
            raise RuntimeError(f"not done within {LONGEST_SECONDS} s")
        time.sleep(LOOK_SECONDS)


def bare(count: int) -> dict[str, float]:
    """Seconds from the moment when `count` deliveries are there until the last one is done."""
    done = Task.objects.count() + count
    with transaction.atomic():
        for _ in range(count):
            async_task("tests.benchmarks.noop.__main__.nothing")
    began = time.monotonic()
    wait_for(lambda: Task.objects.count() >= done)
    return {"seconds": time.monotonic() - began}


def runs(count: int) -> dict[str, float]:
    done = Run.objects.filter(status=RunStatus.COMPLETED).count() + count
    with transaction.atomic():
        for _ in range(count):
            enqueue(UNIT, {}, trigger="schedule")
    began = time.monotonic()
    wait_for(lambda: Run.objects.filter(status=RunStatus.COMPLETED).count() >= done)
    return {"seconds": time.monotonic() - began}


def bare_latency(count: int) -> dict[str, float]:
    """Of single deliveries to an idle cluster: enqueued to executed."""
    Task.objects.all().delete()
    for n in range(count):
        async_task("tests.benchmarks.noop.__main__.nothing")
        wait_for(lambda n=n: Task.objects.count() > n)  # type: ignore[misc]
        time.sleep(0.013 * (n % 10))  # so that no sample is in step with the poll
    return _spread([each.stopped - each.started for each in Task.objects.all()])


def run_latency(count: int) -> dict[str, float]:
    waited = []
    for n in range(count):
        run = enqueue(UNIT, {}, trigger="schedule")
        wait_for(lambda run=run: _has_ended(run))  # type: ignore[misc]
        run.refresh_from_db()
        assert run.started_at is not None
        waited.append(run.started_at - run.queued_at)
        time.sleep(0.013 * (n % 10))
    return _spread(waited)


def _has_ended(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, finished_at__isnull=False).exists()


def _spread(waited: list[dt.timedelta]) -> dict[str, float]:
    seconds = sorted(each.total_seconds() for each in waited)
    return {"p50": statistics.median(seconds), "p90": seconds[int(len(seconds) * 0.9)]}


def events(count: int) -> dict[str, float]:
    """Milestones told one by one, and in one transaction."""
    manager = create_manager()
    began = time.monotonic()
    for n in range(count):
        manager.emit_milestone("counted", {"n": n})
    one_by_one = time.monotonic() - began
    began = time.monotonic()
    with transaction.atomic():
        for n in range(count):
            manager.emit_milestone("counted", {"n": n})
    return {"one_by_one": one_by_one, "together": time.monotonic() - began}


def tidy(count: int) -> dict[str, float]:
    """Leave nothing for the next measurement to carry."""
    for model in (Event, Run, Task, OrmQ):
        model.objects.all().delete()
    return {}


WAYS = {each.__name__: each for each in (bare, runs, bare_latency, run_latency, events, tidy)}

if __name__ == "__main__":
    way, many = sys.argv[1:]
    sys.stdout.write(json.dumps(WAYS[way](int(many))) + "\n")
