"""What benchmarks share: fair repetition, ratio lines, children whose memory is measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def best_of(rounds: int, ways: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The least seconds of each way, which returns its own; taken in turns.

    Other loads of the machine only ever add time, and in turns they hit every way alike.
    """
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            best[name] = min(way(), best.get(name, float("inf")))
    return best


def ratio_line(name: str, seconds: float, floor: float, target: float | None = None) -> str:
    """`name  1.234 s  4.56 x floor  (target <= 4.5: missed)`."""
    ratio = seconds / floor
    told = f"{name:<44} {seconds:8.3f} s  {ratio:6.2f} x floor"
    if target is None:
        return told
    return f"{told}  (target <= {target:g}: {'kept' if ratio <= target else 'missed'})"


@dataclass(frozen=True)
class Child:
    """A finished child process: the JSON object it printed and the memory it took at its peak."""

    data: dict[str, Any]
    peak_mib: float


def run_child(command: Sequence[str], env: Mapping[str, str]) -> Child:
    """Run a command that prints one JSON object. Raises RuntimeError where it fails."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, env=dict(env), stdout=subprocess.PIPE, stderr=words)
        assert process.stdout is not None
        with process.stdout:
            out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed: {words.read().decode()}")
    kib = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Child(dict(json.loads(out)), kib / 1024)
