"""Run a unit."""

from __future__ import annotations

from typing import Any

from popflix.engine.views.commands import RunCommand
from popflix.lib.command import Report, StopRequest


class Command(RunCommand):
    help = "Run a unit here and now, or leave it to the queue's workers with --enqueue."

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return self.run_as_asked(stop, options)
