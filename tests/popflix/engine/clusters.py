"""A site on which `manage.py work` runs: its processes, its runs and what they left behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from popflix.engine.liveness import start_time
from tests.popflix.console.serving import parent_of, processes_of
from tests.site import ROOT, Site

# Nothing in it is unique: a chunk that was done twice shows as two rows. (Not beside the units:
# importing those would register them in the tests' own process.)
TABLE = "CREATE TABLE cluster_effect (run INTEGER NOT NULL, chunk INTEGER NOT NULL)"
SECONDS = 60.0  # recovery takes no longer
SETTINGS = "tests.popflix.engine.cluster_settings"


class WorkingSite:
    """Call `start`, and `close` at the end."""

    def __init__(self, folder: Path, database_url: str, **variables: str) -> None:
        self.site = Site(
            folder,
            database_url,
            DJANGO_SETTINGS_MODULE=SETTINGS,
            POPFLIX_TICK_SECONDS="1",
            **variables,
        )
        self.site.migrate()
        self.change(TABLE)
        self._told = folder / "told"
        self._client = subprocess.Popen(
            [sys.executable, "-m", "tests.popflix.engine.cluster_client"],
            env=self.site.env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    # --- the supervisor -------------------------------------------------------------------

    def start(self) -> None:
        """Start `manage.py work` and wait until its workers are there."""
        with self._told.open("a") as told:
            self.supervisor = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "work"],
                env=self.site.env,
                cwd=self.site.folder,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
            )
        self.wait_until_at_work()

    def wait_until_idle(self) -> None:
        """What an earlier test left active has ended: it would hold a worker."""
        active = "SELECT count(*) FROM engine_run WHERE active_key IS NOT NULL"
        self.wait_for(lambda: self.rows(active)[0][0] == 0)

    def wait_until_at_work(self) -> None:
        self.wait_for(lambda: len(self.workers()) == 2 and len(self.workers("operator")) == 2)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal and wait; the exit code, and how long it took."""
        began = time.monotonic()
        self.supervisor.send_signal(number)
        code = self.supervisor.wait(timeout=SECONDS)
        return code, time.monotonic() - began

    def close(self) -> None:
        self.kill(*self.processes())
        for process in (self._client, self.supervisor):
            process.wait()
        for stream in (self._client.stdin, self._client.stdout):
            if stream is not None:
                stream.close()

    def told(self) -> str:
        return self._told.read_text()

    # --- its processes --------------------------------------------------------------------

    def processes(self) -> list[int]:
        return [pid for pid, _ in processes_of(self.site.folder)]

    def tree(self) -> list[int]:
        """The supervisor and all below it."""
        return [pid for pid in self.processes() if pid != self._client.pid]

    def main(self, cluster: str = "popflix") -> int:
        """The main process of the cluster: the supervisor's child."""
        # Of a path only its last part: the folder of the tests may be called popflix-… as well.
        found = [
            pid
            for pid, command in processes_of(self.site.folder)
            if any(Path(word).name.startswith(f"{cluster}-") for word in command.split())
            and parent_of(pid) == self.supervisor.pid
        ]
        return found[0] if found else 0

    def sentinel(self, cluster: str = "popflix") -> int:
        main = self.main(cluster)
        return next((pid for pid in self.processes() if parent_of(pid) == main != 0), 0)

    def workers(self, cluster: str = "popflix") -> list[int]:
        """The living workers that said they are ready; one just killed still has its parent."""
        sentinel = self.sentinel(cluster)
        ready = map(int, re.findall(r"ready for work at (\d+)", self.told()))
        return [
            pid for pid in ready if sentinel and parent_of(pid) == sentinel and start_time(pid)
        ]

    def kill(self, *pids: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # --- its runs -------------------------------------------------------------------------

    def enqueue(self, unit: str, trigger: str = "schedule", **params: object) -> int:
        assert self._client.stdin is not None
        assert self._client.stdout is not None
        order = {"unit": unit, "params": params, "trigger": trigger}
        self._client.stdin.write(f"{json.dumps(order)}\n")
        self._client.stdin.flush()
        return int(json.loads(self._client.stdout.readline())["run"])

    def column(self, run: int, column: str) -> Any:
        return self.rows(f"SELECT {column} FROM engine_run WHERE id = {run}")[0][0]

    def done(self, run: int) -> int:
        return int(self.column(run, "done_count"))

    def wait_until_done(self, run: int, count: int) -> None:
        self.wait_for(lambda: self.done(run) >= count)

    def wait_for_end(self, run: int) -> str:
        self.wait_for(lambda: self.column(run, "finished_at") is not None)
        return str(self.column(run, "status"))

    def effects(self, run: int) -> Counter[int]:
        rows = self.rows(f"SELECT chunk FROM cluster_effect WHERE run = {run}")
        return Counter(row[0] for row in rows)

    def events(self, run: int) -> list[tuple[str, Any]]:
        return self.rows(f"SELECT kind, at FROM engine_event WHERE run_id = {run} ORDER BY id")

    # --- its tables -----------------------------------------------------------------------

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.site.sql(sql)

    def change(self, sql: str) -> None:
        self.site.sql(sql)

    def wait_for(self, condition: Callable[[], bool]) -> float:
        """Until the condition holds; how long it took."""
        began = time.monotonic()
        while time.monotonic() - began < SECONDS:
            if condition():
                return time.monotonic() - began
            time.sleep(0.05)
        raise AssertionError(f"not so within {SECONDS:g} s; work told:\n{self.told()}")


@contextlib.contextmanager
def working(folder: Path, database_url: str, **variables: str) -> Iterator[WorkingSite]:
    made = WorkingSite(folder, database_url, **variables)
    try:
        made.start()
        yield made
    finally:
        made.close()
