"""A running `serve`: what it printed so far, its processes, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.site import Site

SECONDS = 60.0


class Serving:
    def __init__(self, site: Site, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._site = site

    def read_until(self, words: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"serve ended:\n{''.join(self.said)}")

    def child(self, words: str) -> int | None:
        """The pid of the direct child whose command line holds `words`, if it runs."""
        for pid, command in processes_of(self._site.folder):
            if words in command and parent_of(pid) == self.process.pid:
                return pid
        return None

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal and wait; the exit code and all that was printed."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, "".join(self.said) + out + err


def processes_of(folder: Path) -> Iterator[tuple[int, str]]:
    """Pid and command line of every process whose POPFLIX_VAR lies in `folder`."""
    marker = f"\0POPFLIX_VAR={folder}/".encode()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker in b"\0" + (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                yield int(entry.name), command
        except OSError:  # ended meanwhile
            continue


def parent_of(pid: int) -> int:
    """0 where the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not so within {SECONDS:g} seconds")


@contextmanager
def serving(site: Site, *arguments: str) -> Iterator[Serving]:
    process = site.popen("serve", "--port", "0", *arguments)
    try:
        yield Serving(site, process)
    finally:
        process.kill()
        for pid, _ in list(processes_of(site.folder)):
            os.kill(pid, signal.SIGKILL)
        process.communicate()
