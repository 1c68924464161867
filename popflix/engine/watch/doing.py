"""What every action is done with, and what doing one answers."""

from __future__ import annotations

from dataclasses import dataclass

from popflix.engine.registry import Registry
from popflix.lib.clock import Clock


@dataclass(frozen=True)
class Done:
    """One thing a tick did: `what` in one word, of which unit and run, and why."""

    what: str
    unit: str
    run: int | None = None
    why: str = ""

    def __str__(self) -> str:
        run = f" run {self.run}" if self.run else ""
        return f"{self.what}{run} of {self.unit}{': ' if self.why else ''}{self.why}"

    def as_data(self) -> dict[str, object]:
        return {"what": self.what, "unit": self.unit, "run": self.run, "why": self.why}


@dataclass(frozen=True)
class Doing:
    registry: Registry
    clock: Clock
