"""Which process holds a run, and whether it still lives.

A pid alone lies: it is reused after a reboot and means another process in another container.
So a run stores the kernel's boot, the pid namespace and the process's start time beside it, and
"dead" is only said where this process could have seen the other one.
"""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process as stored with a run; `started` is empty where the system does not tell."""

    host: str
    pid: int
    started: str  # "boot:namespace:start", each as the kernel words it


def this_process() -> Process:
    pid = os.getpid()
    return Process(socket.gethostname(), pid, f"{_place()}:{start_time(pid) or ''}")


def is_alive(process: Process) -> bool | None:
    """True or False for a process of this host and pid namespace, None where we cannot see."""
    place, _, started = process.started.rpartition(":")
    if not started or process.host != socket.gethostname() or place != _place():
        return None
    return start_time(process.pid) == started


def start_time(pid: int) -> str | None:
    """When the process started, in the system's own words; None when there is none."""
    if (_PROC / "self" / "stat").exists():
        return _start_from_proc(pid)
    return _start_from_ps(pid)


def _start_from_proc(pid: int) -> str | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The command's name may hold spaces and brackets: count the fields behind its last bracket.
    state, *fields = text.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


def _start_from_ps(pid: int) -> str | None:
    try:
        told = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        )
    except OSError:
        return None
    state, *started = told.stdout.split() or [""]
    # The stamp's own separator is the colon.
    return None if not started or state[0] in "ZX" else "-".join(started).replace(":", ".")


def _place() -> str:
    """Boot and pid namespace of this process; empty parts where the system does not tell."""
    return f"{_told(_PROC / 'sys/kernel/random/boot_id')[:8]}:{_namespace()}"


def _told(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        link = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return ""
    return link.name.removeprefix("pid:[").removesuffix("]")
