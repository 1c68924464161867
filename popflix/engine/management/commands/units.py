"""Show every unit and what it is doing."""

from __future__ import annotations

from typing import Any

from popflix.engine.views import units
from popflix.lib.command import OperatorCommand, Report, StopRequest


class Command(OperatorCommand):
    help = "Show every unit: state, slots, last run, next start, and what holds it up."

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return units.show(say=self.say)
