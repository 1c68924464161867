"""Run a process."""

from __future__ import annotations

from typing import Any

from popflix.engine.views.commands import RunCommand
from popflix.engine.views.running import require_process
from popflix.lib.command import Report, StopRequest


class Command(RunCommand):
    help = "Run all workers of a process here and now, or on the queue with --enqueue."

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        require_process(options["name"])
        return self.run_as_asked(stop, options)
