"""`manage.py work`: the queue's workers and the watcher as one supervised command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from popflix.engine.checks import refuse_unsafe_settings
from popflix.engine.q2.cluster import cluster_names, run_cluster
from popflix.engine.q2.marks import ClusterFolder
from popflix.engine.supervisor import work
from popflix.engine.watch import Watcher
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import OperatorCommand, Report, StopRequest


class Command(OperatorCommand):
    help = "Run queued units and start scheduled ones until Ctrl-C or SIGTERM."
    needs_current_schema = False  # it waits until somebody migrated

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be started"
        )
        # What the supervisor starts: one cluster, its marks in this folder.
        parser.add_argument("--cluster-folder", help=argparse.SUPPRESS)

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        if options["cluster_folder"]:
            folder = ClusterFolder(Path(options["cluster_folder"]))
            return Report(exit_code=run_cluster(folder, stop=stop))
        refuse_unsafe_settings()
        workers = settings.POPFLIX_WORKERS
        if options["dry_run"]:
            self.say(f"Would keep {workers} workers, one more for operators, and tick.")
            return Report({"workers": workers, "clusters": cluster_names()})
        worked = work(
            base=settings.BASE_DIR,
            var=settings.POPFLIX_VAR,
            workers=workers,
            tick_seconds=settings.POPFLIX_TICK_SECONDS,
            stop=stop,
            say=self.say,
            clock=SYSTEM_CLOCK,
            watcher=Watcher(clock=SYSTEM_CLOCK, asks_at_once=True),
        )
        return Report(
            vars(worked),
            stopped_by=stop.signal_number,
            how_to_go_on="Stopped. What is not done is taken up by the next `manage.py work`.",
        )

    def say(self, line: str = "") -> None:
        super().say(line)
        (self.stderr if self.as_json else self.stdout).flush()
