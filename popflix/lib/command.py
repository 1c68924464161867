"""The shared base of popflix's commands: human lines, one JSON object, stop signals.

A command translates: it declares arguments, makes one call inward and returns a Report.
"""

from __future__ import annotations

import gc
import importlib
import json
import pkgutil
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.module_loading import module_has_submodule

from popflix.lib.errors import OperatorError, Stopped
from popflix.lib.explain import explain, schema_behind


@dataclass(frozen=True)
class Report:
    """What a command did: `data` is printed by --json; a non-zero `exit_code` ends the process.

    `stopped_by` is the signal that ended the work early, with `how_to_go_on` for the operator.
    """

    data: Mapping[str, object] = field(default_factory=dict)
    exit_code: int = 0
    stopped_by: int | None = None
    how_to_go_on: str = ""


class StopRequest:
    """Set by SIGINT or SIGTERM; the work asks it between chunks. A second signal kills.

    A plain flag: a lock (as threading.Event has) that the main thread holds while the handler
    runs in it would never be released.
    """

    _STEP_SECONDS = 0.1  # how late a waiting thread notices

    def __init__(self) -> None:
        self.signal_number: int | None = None

    def __bool__(self) -> bool:
        return self.signal_number is not None

    def wait(self, seconds: float) -> bool:
        """Sleep for `seconds` or until asked to stop; returns whether to stop."""
        end = time.monotonic() + seconds
        while not self and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, self._STEP_SECONDS))
        return bool(self)

    def ask(self, signal_number: int) -> None:
        self.signal_number = signal_number


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first SIGINT/SIGTERM into a StopRequest; only in the main thread."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_signal(number: int, frame: FrameType | None) -> None:
        request.ask(number)
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class OperatorCommand(BaseCommand, ABC):
    """Subclasses implement `perform` and print with `say`; stdout stays clean under --json."""

    needs_current_schema = True
    requires_system_checks = ()
    prints_json_lines = False  # True: `perform` prints objects itself, one a line
    as_json = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object on stdout, all else on stderr",
        )
        self.add_own_arguments(parser)

    def add_own_arguments(self, parser: CommandParser) -> None:
        """Declare the command's own arguments."""

    @abstractmethod
    def perform(self, stop: StopRequest, **options: Any) -> Report:
        """Do the command's one call inward. Raises OperatorError."""

    def say(self, line: str = "") -> None:
        (self.stderr if self.as_json else self.stdout).write(line)

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = options["json"]
        gc.freeze()  # what is imported stays: collecting it again costs long commands 10 % CPU
        try:
            if self.needs_current_schema:
                require_current_schema()
            with stop_on_signals() as stop:
                report = self.perform(stop, **options)
        except (OperatorError, DatabaseError, InterfaceError) as error:
            if self.as_json and not options["traceback"]:
                self.print_json(explain(error).as_data())
                error.told_as_json = True  # type: ignore[union-attr]  # the command line adds none
            raise
        if self.as_json and not self.prints_json_lines:
            self.print_json(report.data)
        if report.stopped_by is not None:
            raise Stopped(report.stopped_by, report.how_to_go_on)
        if report.exit_code:
            raise SystemExit(report.exit_code)

    def print_json(self, data: Mapping[str, object]) -> None:
        self.stdout.write(json.dumps(data, default=str, ensure_ascii=False))


def _all_are_recorded() -> bool:
    """Whether each file of a migration is recorded as applied: then nothing is missing, and no
    migration need be imported, nor their graph be built."""
    applied = MigrationRecorder(connection).applied_migrations()
    for app in apps.get_app_configs():
        name, _ = MigrationLoader.migrations_module(app.label)
        if name is None:
            continue
        try:
            folder = importlib.import_module(name).__path__
        except ImportError:
            if app.module is None or module_has_submodule(app.module, "migrations"):
                return False  # the loader of migrations says what is wrong
            continue
        files = (each for _, each, is_folder in pkgutil.iter_modules(folder) if not is_folder)
        if any((app.label, each) not in applied for each in files if each[0] not in "_~"):
            return False
    return True


def require_current_schema() -> None:
    """Raise OperatorError when migrations are missing in the default database."""
    if _all_are_recorded():
        return
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3])
        more = f" and {len(plan) - 3} more" if len(plan) > 3 else ""
        raise schema_behind(f"not applied: {names}{more}")
