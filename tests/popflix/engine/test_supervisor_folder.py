"""What a dead supervisor left running is found and killed; whatever else lives is let alone."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from popflix.engine.liveness import Process, start_time, this_process
from popflix.engine.supervisor.folder import SupervisorFolder, clear_up

DAY = 86_400


@pytest.fixture
def group() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a session of its own, as a cluster's main process does."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def left_behind(var: Path, owner: Process, main: int) -> SupervisorFolder:
    """The folder of a supervisor with one cluster."""
    folder = SupervisorFolder(var / "work" / f"{owner.host}-{owner.pid}")
    folder.path.mkdir(parents=True)
    (folder.path / "supervisor").write_text(json.dumps(asdict(owner)))
    folder.new_cluster("popflix").note_main(main)
    return folder


def dead() -> Process:
    """A process of this host that is gone."""
    return replace(this_process(), started=this_process().started + "0")


def test_a_supervisor_makes_its_folder_and_removes_it(tmp_path: Path) -> None:
    folder = SupervisorFolder.of_this_process(tmp_path)
    assert folder.supervisor() == this_process()
    assert [folder.new_cluster(name).path.name for name in ("popflix", "operator")] == [
        "popflix-1",
        "operator-2",
    ]
    folder.show_life()
    folder.remove()
    assert list((tmp_path / "work").iterdir()) == []


def test_the_cluster_of_a_dead_supervisor_is_killed(
    tmp_path: Path, group: subprocess.Popen[bytes]
) -> None:
    folder = left_behind(tmp_path, dead(), group.pid)
    assert clear_up(tmp_path, time.time()) == 1
    assert group.wait(10) == -9
    assert not folder.path.exists()


def test_orphans_of_a_dead_main_process_are_killed_too(tmp_path: Path) -> None:
    told = tmp_path / "orphan"
    main = subprocess.Popen(["sh", "-c", f"sleep 60 & echo $! > {told}"], start_new_session=True)
    folder = left_behind(tmp_path, dead(), main.pid)
    main.wait()
    orphan = int(told.read_text())
    [cluster] = folder.clusters()
    (cluster.path / str(orphan)).write_text(f"idle {start_time(orphan)}")
    assert clear_up(tmp_path, time.time()) == 1
    assert start_time(orphan) is None


def test_a_living_supervisor_keeps_its_own(tmp_path: Path, group: subprocess.Popen[bytes]) -> None:
    left_behind(tmp_path, this_process(), group.pid)
    assert clear_up(tmp_path, time.time()) == 0
    assert group.poll() is None


def test_another_process_with_the_same_number_is_let_alone(
    tmp_path: Path, group: subprocess.Popen[bytes]
) -> None:
    folder = left_behind(tmp_path, dead(), group.pid)
    [cluster] = folder.clusters()
    (cluster.path / "main").write_text(f"{group.pid} another-start")
    assert clear_up(tmp_path, time.time()) == 0
    assert group.poll() is None
    assert not folder.path.exists()


def test_what_we_cannot_see_is_kept_for_a_day(
    tmp_path: Path, group: subprocess.Popen[bytes]
) -> None:
    elsewhere = replace(this_process(), host="another-host")
    folder = left_behind(tmp_path, elsewhere, group.pid)
    assert clear_up(tmp_path, time.time() + DAY / 2) == 0
    assert folder.path.exists()
    assert clear_up(tmp_path, time.time() + 2 * DAY) == 0
    assert not folder.path.exists()
    assert group.poll() is None


def test_a_folder_without_a_name_is_kept_for_a_day_too(tmp_path: Path) -> None:
    (tmp_path / "work" / "half-made").mkdir(parents=True)
    clear_up(tmp_path, time.time())
    assert (tmp_path / "work" / "half-made").exists()
    clear_up(tmp_path, time.time() + 2 * DAY)
    assert list((tmp_path / "work").iterdir()) == []


def test_a_cluster_that_was_never_noted_is_nothing_to_kill(tmp_path: Path) -> None:
    folder = SupervisorFolder(tmp_path / "work" / "x")
    folder.path.mkdir(parents=True)
    (folder.path / "supervisor").write_text(json.dumps(asdict(dead())))
    folder.new_cluster("popflix")
    assert clear_up(tmp_path, time.time()) == 0
