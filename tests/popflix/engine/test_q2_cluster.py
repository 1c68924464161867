"""How a cluster is started, and what its main process does without its supervisor."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from django.db import connections

from popflix.engine.q2 import cluster
from popflix.engine.q2.marks import ClusterFolder
from popflix.lib.command import StopRequest

pytestmark = [pytest.mark.measured, pytest.mark.either]


def test_there_is_a_main_cluster_and_a_small_one() -> None:
    assert cluster.cluster_names() == ["popflix", "operator"]


def test_only_the_small_cluster_is_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("Q_CLUSTER_NAME", "of the operator's shell")
    assert "Q_CLUSTER_NAME" not in cluster.cluster_environment("popflix")
    assert cluster.cluster_environment("operator")["Q_CLUSTER_NAME"] == "operator"


def test_the_cluster_is_a_command_of_the_site() -> None:
    folder = Path("/site/clusters/popflix-1")
    told = cluster.cluster_command(Path("/site"), ClusterFolder(folder))
    assert told[1:] == ["/site/manage.py", "work", f"--cluster-folder={folder}"]


class StandIn:
    """In place of django-q2's Cluster."""

    def __init__(self, lives: int = 1, *, breaks: bool = False) -> None:
        self.lives, self.breaks = lives, breaks
        self.sentinel = self
        self.stop_event: StandIn | None = self
        self.asked = False

    def start(self) -> None:
        if self.breaks:
            raise RuntimeError("the sentinel exited with code 1")

    def is_alive(self) -> bool:
        self.lives -= 1
        return self.lives >= 0

    def is_set(self) -> bool:
        return self.asked

    def set(self) -> None:
        self.asked = True


class QuickClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterFolder:
    monkeypatch.setattr(ClusterFolder, "mark_processes", lambda self: None)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    return ClusterFolder(tmp_path)


def run(
    folder: ClusterFolder,
    monkeypatch: pytest.MonkeyPatch,
    stand_in: StandIn,
    stop: StopRequest | None = None,
) -> int:
    monkeypatch.setattr(cluster, "Cluster", lambda: stand_in)
    return cluster.run_cluster(folder, stop=stop or StopRequest(), clock=QuickClock())  # type: ignore[arg-type]


def test_a_dead_sentinel_is_no_orderly_end(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(folder, monkeypatch, StandIn()) == 1


def test_an_end_that_was_asked_for_is_one(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = StandIn()
    stand_in.asked = True
    assert run(folder, monkeypatch, stand_in) == 0


def test_a_cluster_that_does_not_start_is_an_error(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(folder, monkeypatch, StandIn(breaks=True)) == 1


def test_a_signal_that_came_early_is_obeyed(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = StopRequest()
    stop.ask(signal.SIGTERM)
    assert run(folder, monkeypatch, StandIn(), stop) == 0


def test_a_cluster_whose_supervisor_is_gone_hands_over_and_ends(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = iter([100, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents, 1))
    assert run(folder, monkeypatch, StandIn(lives=5)) == 0
    assert (folder.path / "drain").exists()


def test_one_that_hangs_then_kills_itself_with_all_it_started(
    folder: ClusterFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[tuple[int, int]] = []
    parents = iter([100, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents, 1))
    monkeypatch.setattr(os, "getpgrp", os.getpid)
    monkeypatch.setattr(os, "killpg", lambda *told: killed.append(told))
    run(folder, monkeypatch, StandIn(lives=1000))
    assert killed == [(os.getpid(), signal.SIGKILL)]
