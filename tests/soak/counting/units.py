from __future__ import annotations

import os
import time
from collections.abc import Mapping

from popflix.engine.context import RunContext
from popflix.engine.registry import unit

CHUNK_SECONDS = 0.1
SLOTS = 1_000


@unit("once", slots=SLOTS, title="Tells which host ran it")
def once(ctx: RunContext) -> Mapping[str, object]:
    time.sleep(0.02)
    return {"host": os.environ.get("COUNTING_HOST", "")}


@unit("regular", title="Started by a schedule")
def regular(ctx: RunContext) -> None:
    """A schedule starts it."""


@unit("chunks", slots=2, spread=True, title="Works in two slots until it is cancelled")
def chunks(ctx: RunContext) -> None:
    while not ctx.should_stop():
        time.sleep(CHUNK_SECONDS)
        with ctx.commit(done=1, ok=1):
            pass
