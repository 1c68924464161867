"""Which process is which, and which is dead."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from popflix.engine import liveness
from popflix.engine.liveness import is_alive, start_time, this_process


@pytest.fixture
def child() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_this_process_lives_and_is_told_in_forty_characters() -> None:
    me = this_process()
    assert is_alive(me) is True
    assert me.pid == os.getpid()
    assert len(me.started) <= 40


def test_a_killed_process_is_dead_before_and_after_it_is_reaped(
    child: subprocess.Popen[bytes],
) -> None:
    started = start_time(child.pid)
    assert started is not None
    place = this_process().started.rpartition(":")[0]
    it = replace(this_process(), pid=child.pid, started=f"{place}:{started}")
    assert is_alive(it) is True
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie
    assert is_alive(it) is False
    child.communicate()
    assert is_alive(it) is False


def test_a_pid_that_was_given_again_is_not_the_process_we_knew() -> None:
    me = this_process()
    place, _, _ = me.started.rpartition(":")
    assert is_alive(replace(me, started=f"{place}:1")) is False


def test_what_cannot_be_seen_from_here_is_not_called_dead() -> None:
    me = this_process()
    start = me.started.rpartition(":")[2]
    assert is_alive(replace(me, host="another-host")) is None
    assert is_alive(replace(me, started=f"before:4026531836:{start}")) is None  # another boot
    assert is_alive(replace(me, started="")) is None
    assert is_alive(replace(me, started=me.started.rpartition(":")[0] + ":")) is None


@pytest.fixture
def no_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "_PROC", tmp_path)


@pytest.mark.usefixtures("no_proc")
def test_without_proc_ps_tells_the_start() -> None:
    me = this_process()
    assert me.started.count(":") == 2
    assert is_alive(me) is True


@pytest.mark.usefixtures("no_proc")
def test_without_proc_a_dead_process_has_no_start(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.communicate()
    assert start_time(child.pid) is None


@pytest.mark.usefixtures("no_proc")
def test_without_proc_and_ps_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    me = this_process()
    assert me.started == "::"
    assert is_alive(me) is None
