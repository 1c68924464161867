"""A folder per supervisor: who it is, and one folder per start of a cluster.

It outlives a supervisor that was killed, so that the next one finds what that left running.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from dataclasses import asdict
from pathlib import Path

from popflix.engine.liveness import Process, is_alive, start_time, this_process
from popflix.engine.q2.marks import ClusterFolder, Mark
from popflix.lib.children import LOOK_SECONDS, end_group
from popflix.lib.folders import ensure_folder

log = logging.getLogger(__name__)

_SEEN_AS_DEAD_SECONDS = 5.0  # a killed process is gone within
_FORGOTTEN_SECONDS = 86_400.0  # of a supervisor that we cannot see, such as in a container gone


class SupervisorFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts = 0

    @classmethod
    def of_this_process(cls, var: Path) -> SupervisorFolder:
        me = this_process()
        made = cls(ensure_folder(var / "work") / f"{me.host}-{me.pid}")
        shutil.rmtree(made.path, ignore_errors=True)  # of a namesake before a reboot
        made.path.mkdir()
        (made.path / "supervisor").write_text(json.dumps(asdict(me)))
        return made

    def new_cluster(self, name: str) -> ClusterFolder:
        self._starts += 1
        folder = ClusterFolder(self.path / f"{name}-{self._starts}")
        folder.make()
        return folder

    def clusters(self) -> list[ClusterFolder]:
        return [ClusterFolder(path) for path in self.path.iterdir() if path.is_dir()]

    def supervisor(self) -> Process | None:
        try:
            return Process(**json.loads((self.path / "supervisor").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def show_life(self) -> None:
        """Whoever cannot see our process sees that the folder is in use."""
        (self.path / "supervisor").touch()

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def clear_up(var: Path, now: float) -> int:
    """Kill what dead supervisors of this host left running; returns how many clusters.

    `now` is the wall clock in seconds, as files are stamped with it.
    """
    killed = 0
    for path in ensure_folder(var / "work").iterdir():
        left = SupervisorFolder(path)
        owner = left.supervisor()
        alive = None if owner is None else is_alive(owner)
        if alive is False:
            killed += sum(_kill(cluster) for cluster in left.clusters())
        if alive is False or (alive is None and _is_forgotten(path, now)):
            left.remove()
    return killed


def _kill(cluster: ClusterFolder) -> bool:
    """Whether there was anything to kill; a pid that another process has by now is let alone."""
    main = cluster.main()
    living = [mark for mark in cluster.marks() if mark.is_alive]
    if main is None or not (living or main.is_alive):
        return False
    if start_time(main.pid) in (None, main.started):
        log.warning("killing the cluster that a dead supervisor left (process %s)", main.pid)
        end_group(main.pid)
    _wait_for_the_end([main, *living])
    return True


def _wait_for_the_end(processes: list[Mark]) -> None:
    """So that whoever looks next sees their runs as abandoned."""
    until = time.monotonic() + _SEEN_AS_DEAD_SECONDS
    while any(each.is_alive for each in processes) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS / 10)


def _is_forgotten(path: Path, now: float) -> bool:
    marker = path / "supervisor"
    stamped = marker if marker.exists() else path
    return now - stamped.stat().st_mtime > _FORGOTTEN_SECONDS
