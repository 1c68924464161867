"""Resume a unit."""

from __future__ import annotations

from typing import Any

from popflix.engine.views import controls
from popflix.engine.views.commands import ControlCommand
from popflix.lib.command import Report, StopRequest


class Command(ControlCommand):
    help = "End every pause of a unit; what waited for it goes on."

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return controls.resume(options["name"], self.asked(options))
