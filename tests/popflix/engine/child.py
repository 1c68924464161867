"""A process of its own for the tests of kills and races: `python -m tests.popflix.engine.child`.

It speaks one line on stdout when it stands where the test wants it, and one JSON line at the end.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "popflix.settings")

import django

django.setup()

from popflix.engine import leases, work  # noqa: E402 - after the set-up
from popflix.engine.context import RunContext  # noqa: E402
from popflix.engine.models import Run  # noqa: E402
from popflix.engine.registry import Body  # noqa: E402
from popflix.engine.runner import run_in_foreground  # noqa: E402
from popflix.lib.command import stop_on_signals  # noqa: E402
from tests.popflix.engine.fakes import registered  # noqa: E402
from tests.popflix.engine.rows import Job, add_jobs, create_table  # noqa: E402


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def say(line: object) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


def claim(token: str, limit: int) -> list[str]:
    return work.claim_rows(Job, token=token, limit=limit, lease_seconds=60, now=now())


def set_up(count: str) -> None:
    create_table()
    add_jobs(int(count), now() - dt.timedelta(hours=1))


def race(name: str, limit: str) -> None:
    """Claim once beside the others, and once all have, until nothing is due."""
    claim(f"{name}-0-0", 0)  # opens the connection
    say("ready")
    sys.stdin.readline()
    say(claim(f"{name}-1-1", int(limit)))
    sys.stdin.readline()
    won: list[str] = []
    while got := claim(f"{name}-1-1", int(limit)):
        won += got
    say(won)


def hold(count: str) -> None:
    """Be a foreground run that has leased rows and never ends."""

    def body(ctx: RunContext) -> None:
        say({"run": ctx.run_id, "leased": claim(ctx.lease_token(1), int(count))})
        while not ctx.should_stop():
            time.sleep(0.02)

    _run(body)


def go_on(count: str) -> None:
    """The next foreground run on this host: what does it find?"""

    def body(ctx: RunContext) -> None:
        names = claim(ctx.lease_token(1), int(count))
        attempts = sorted(Job.objects.filter(name__in=names).values_list("attempts", flat=True))
        say({"leased": names, "attempts": attempts})

    _run(body)


def _run(body: Body) -> None:
    def give_rows_back(run: Run, prefix: str) -> None:
        work.release_rows(Job, token_prefix=prefix, now=now(), since=run.heartbeat_at)

    leases.on_run_lost(give_rows_back)
    with registered(body, "demo"), stop_on_signals() as stop:
        outcome = run_in_foreground("demo", {}, stop=stop)
    say({"run": outcome.run.pk, "status": outcome.run.status, "stopped_by": outcome.stopped_by})


COMMANDS: dict[str, Callable[..., None]] = {
    "set-up": set_up,
    "race": race,
    "hold": hold,
    "go-on": go_on,
}

if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    COMMANDS[command](*arguments)
