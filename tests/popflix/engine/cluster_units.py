"""Units for the tests on running clusters, known where `cluster_settings` are the settings."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db import connection

from popflix.engine.registry import process, unit

if TYPE_CHECKING:
    from popflix.engine.context import RunContext


class ClusterUnits(AppConfig):
    name = "tests.popflix.engine"
    label = "cluster_units"


@unit("chunks", slots=4)
def chunks(ctx: RunContext) -> None:
    """`count` chunks of `seconds` each; each leaves one row."""
    count, seconds = int(str(ctx.params["count"])), float(str(ctx.params["seconds"]))
    for chunk in range(_done(ctx.run_id), count):
        if not ctx.pause(seconds):
            return
        with ctx.commit(done=1), connection.cursor() as cursor:
            cursor.execute("INSERT INTO cluster_effect VALUES (%s, %s)", [ctx.run_id, chunk])
    ctx.progress(total=count)


def _done(run_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cluster_effect WHERE run = %s", [run_id])
        return int(cursor.fetchone()[0])


@unit("deaf")
def deaf(ctx: RunContext) -> None:
    """Never looks whether it should stop."""
    time.sleep(8)


@unit("example-worker-1")
def first_worker(ctx: RunContext) -> None:
    ctx.pause(1.5)


@unit("example-worker-2")
def second_worker(ctx: RunContext) -> None:
    ctx.pause(2.5)


process("example-parallel", ["example-worker-1", "example-worker-2"])
process("example-sequential", ["example-worker-1", "example-worker-2"], mode="sequential")
