"""Tell how far everything is, area by area."""

from __future__ import annotations

from typing import Any

from popflix.console.status import desk
from popflix.lib.command import OperatorCommand, Report, StopRequest


class Command(OperatorCommand):
    help = (
        "Tell how far everything is: what each area holds by state, what is due and since when, "
        "how long that takes at the allowed rate, the oldest and newest answers, failures by "
        "kind, the last runs. --json prints {at, areas: [{name, title, counts, due, due_since, "
        "oldest_at, newest_at, failures, rate_per_second, eta_seconds, runs, error}]}; "
        "docs/commands.md tells each key. It only reads, and ends 0 whatever it finds."
    )

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        return desk.show(say=self.say)
