from __future__ import annotations

from popflix.engine.context import RunContext
from popflix.engine.registry import unit

SLOTS = 1_000


@unit("do-nothing", slots=SLOTS, title="Measures the engine")
def do_nothing(ctx: RunContext) -> None:
    """The engine's own cost is all there is."""
