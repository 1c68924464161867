"""What `manage.py sync_status` does."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

from django.utils import timezone

from popflix.console.status.reading import read_areas
from popflix.console.status.told import as_json, as_lines
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report


def show(*, say: Callable[[str], None], clock: Clock = SYSTEM_CLOCK) -> Report:
    """Tell how far everything is; it only reads."""
    now = clock.now()
    found = read_areas(now)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in as_lines(found, now, timezone.get_current_timezone(), width):
        say(line)
    return Report(as_json(found, now))
