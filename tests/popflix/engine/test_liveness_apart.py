"""What only separate processes can show: races for rows, kills, signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site import ROOT, Site

pytestmark = pytest.mark.either

ROWS = 300


class Apart:
    """Runs child.py on a site of its own, and lets no process outlive the test."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._children: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.popflix.engine.child", *arguments],
            env=self._site.env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._children.append(child)
        return child

    def run(self, *arguments: str) -> list[Any]:
        """What a child says until it ends by itself."""
        child = self.start(*arguments)
        out, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        return [json.loads(line) for line in out.splitlines()]

    def stop_all(self) -> None:
        for child in self._children:
            child.kill()
            child.communicate()


@pytest.fixture
def apart(tmp_path: Path, database_url: str) -> Iterator[Apart]:
    site = Site(tmp_path, database_url, LOG_LEVEL="ERROR")
    site.migrate()
    made = Apart(site)
    yield made
    made.stop_all()


def heard(child: subprocess.Popen[str]) -> Any:
    assert child.stdout is not None
    return json.loads(child.stdout.readline())


def all_go(children: list[subprocess.Popen[str]]) -> list[Any]:
    """Let all go on at once; returns what each says next."""
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return [heard(child) for child in children]


def test_racing_workers_share_all_rows_and_none_twice(apart: Apart) -> None:
    apart.run("set-up", str(ROWS))
    racers = [apart.start("race", str(n), "7") for n in (1, 2, 3)]
    assert [heard(racer) for racer in racers] == ["ready"] * 3
    first, rest = all_go(racers), all_go(racers)
    assert all(first), "a worker got nothing"
    everything = [name for names in first + rest for name in names]
    assert len(everything) == len(set(everything)) == ROWS


def test_the_next_run_takes_over_from_a_killed_one_at_once(apart: Apart) -> None:
    apart.run("set-up", "20")
    victim = apart.start("hold", "20")
    held = heard(victim)
    assert len(held["leased"]) == 20
    victim.send_signal(signal.SIGKILL)  # not waited for: a zombie is dead, too
    found, outcome = apart.run("go-on", "20")
    assert sorted(found["leased"]) == sorted(held["leased"])
    assert found["attempts"] == [1] * 20
    assert outcome["status"] == "completed"
    assert outcome["run"] > held["run"]


def test_a_living_run_keeps_its_slot_and_its_rows(apart: Apart) -> None:
    apart.run("set-up", "5")
    holder = apart.start("hold", "5")
    held = heard(holder)
    second = apart.start("go-on", "5")
    second.communicate(timeout=60)
    assert second.returncode == 1
    holder.send_signal(signal.SIGTERM)
    ended = heard(holder)
    assert ended == {"run": held["run"], "status": "cancelled", "stopped_by": signal.SIGTERM}
