"""Pause a unit."""

from __future__ import annotations

from typing import Any

from popflix.engine.views import controls
from popflix.engine.views.commands import ControlCommand
from popflix.lib.command import Report, StopRequest


class Command(ControlCommand):
    help = "Pause a unit until somebody resumes it: its runs end their chunk and wait."
    needs_reason = True

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return controls.pause(options["name"], self.asked(options))
