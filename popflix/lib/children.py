"""Child processes: run to their end, or kept alive until the site stops.

Each child leads a session of its own, so that Ctrl-C at the terminal reaches only us and we pass
it on exactly once: django-q2's cluster hangs for ever when its whole group gets a SIGTERM.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from popflix.lib.clock import Clock
from popflix.lib.command import StopRequest

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
HURRY_SECONDS = 3.0  # for a child that passes a second signal on to children of its own
LONGEST_PAUSE_SECONDS = 60.0
SOUND_AFTER_SECONDS = 60.0  # a child that lived so long is started again at once


def manage_command(base: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(base / "manage.py"), *arguments]


@dataclass(frozen=True)
class Ended:
    exit_code: int
    out: str


def run_to_end(
    command: Sequence[str], *, env: Mapping[str, str], stop: StopRequest, capture: bool = True
) -> Ended:
    """Run one child, its stderr ours; pass a stop on once, as SIGTERM, and wait for its end.

    (A child that is still starting would answer SIGINT with a traceback.)
    """
    process = subprocess.Popen(
        command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else None,
        text=True,
        start_new_session=True,
    )
    told = False
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                out, _ = process.communicate(timeout=LOOK_SECONDS)
                return Ended(_as_shell_says(process.returncode), out or "")
            if stop and not told:
                process.terminate()
                told = True
    finally:
        end_group(process.pid)


def _as_shell_says(returncode: int) -> int:
    """A child that a signal killed ends with 128 + signal, as everywhere."""
    return returncode if returncode >= 0 else 128 - returncode


def end_group(pid: int) -> None:
    """Kill what is left of the session that `pid` led."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


class Rest:
    """How long a child that died rests before its next start: longer each time it dies young."""

    def __init__(
        self,
        sound_after_seconds: float = SOUND_AFTER_SECONDS,
        longest_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        self._sound_after, self._longest = sound_after_seconds, longest_seconds
        self._last = 0.0

    def after(self, lived_seconds: float) -> float:
        is_sound = lived_seconds >= self._sound_after
        self._last = 0.0 if is_sound else min(max(1.0, self._last * 2), self._longest)
        return self._last


class Kept:
    """A child that is started again when it dies, and later each time when it dies young."""

    def __init__(
        self, name: str, command: Sequence[str], *, clock: Clock, pass_fds: Sequence[int] = ()
    ) -> None:
        self.name = name
        self.restarts = 0
        self._command = command
        self._clock = clock
        self._pass_fds = tuple(pass_fds)
        self._rest, self._pause_seconds = Rest(), 0.0
        self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def look(self) -> None:
        """Start the child again if it died and its pause is over."""
        if self.alive:
            return
        end_group(self.pid)  # a dead parent's orphans would go on working unguarded
        if self._dead_since is None:
            self._note_death()
        elif self._clock.monotonic() - self._dead_since >= self._pause_seconds:
            self.restarts += 1
            self._start()

    def ask_to_end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def end(self) -> None:
        """Kill what has not ended by itself."""
        end_group(self.pid)
        self._process.wait()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._pass_fds,
        )
        self._started = self._clock.monotonic()
        self._dead_since: float | None = None

    def _note_death(self) -> None:
        now = self._clock.monotonic()
        self._pause_seconds = self._rest.after(now - self._started)
        self._dead_since = now
        log.warning(
            "the %s (process %s) ended with %s; it is started again in %.0f s",
            self.name, self.pid, self._process.returncode, self._pause_seconds,
        )  # fmt: skip


def end_all(
    children: Sequence[Kept],
    *,
    stop: StopRequest,
    grace_seconds: float,
    hurry_seconds: float = HURRY_SECONDS,
) -> None:
    """Ask each child to end, wait, then kill what is left.

    A second signal (`stop`) is passed on, too, and hastens.
    """
    for child in children:
        child.ask_to_end()
    if not _all_ended(children, grace_seconds, stop) and stop:
        for child in children:
            child.ask_to_end()
        _all_ended(children, hurry_seconds, None)
    for child in children:
        child.end()


def _all_ended(children: Sequence[Kept], seconds: float, stop: StopRequest | None) -> bool:
    """Wait so long for the ends of all; False when `stop` or the time came first."""
    until = time.monotonic() + seconds
    while any(child.alive for child in children):
        if stop or time.monotonic() >= until:
            return False
        time.sleep(LOOK_SECONDS)
    return True
