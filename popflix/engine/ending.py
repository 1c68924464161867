"""Why a pipeline starts no further fetch."""

from __future__ import annotations

import logging

from popflix.engine.source import End

log = logging.getLogger(__name__)


class Ending:
    """Empty while the pipeline goes on. The first reason stays; of several waits the longest."""

    def __init__(self) -> None:
        self.end: End | None = None
        self.why = ""
        self.parked_seconds = 0.0
        self.error: BaseException | None = None

    def halt(self, end: End, *, seconds: float = 0.0, why: str = "") -> None:
        if self.end is None:
            self.end, self.why = end, why
        if self.end is End.PARKED:
            self.parked_seconds = max(self.parked_seconds, seconds)

    def halt_by(self, error: BaseException) -> None:
        """The first error is raised at the end, any other is logged: not the same one again, as
        all that fly bring it when an upstream refuses.
        """
        self.halt(End.STOPPED, why=type(error).__name__)
        if self.error is None:
            self.error = error
        elif repr(error) != repr(self.error):
            log.error("beside %r: %r", self.error, error)
