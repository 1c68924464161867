"""One cluster of django-q2, as the supervisor starts it: command, environment, main process.

django-q2 starts: main → sentinel → workers, a pusher (database → queue between the processes) and
a monitor (results → database). The main process is the only one that may get a SIGTERM. It is
ours and not `manage.py qcluster`, so that every process leaves its mark, and so that the cluster
ends by itself when its supervisor is gone.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from django.db import connections
from django_q.cluster import Cluster

from popflix.engine.q2.marks import ClusterFolder
from popflix.engine.q2.queue import OPERATOR, main_cluster
from popflix.lib.children import manage_command
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import StopRequest

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
HAND_OVER_SECONDS = 35.0  # a chunk of work yields after 30 s
_NAME_VARIABLE = "Q_CLUSTER_NAME"  # django-q2 reads it at import


def cluster_names() -> list[str]:
    return [main_cluster(), OPERATOR]


def cluster_command(base: Path, folder: ClusterFolder) -> list[str]:
    return manage_command(base, "work", f"--cluster-folder={folder.path}")


def cluster_environment(name: str) -> Mapping[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key != _NAME_VARIABLE}
    return inherited if name == main_cluster() else {**inherited, _NAME_VARIABLE: name}


def run_cluster(folder: ClusterFolder, *, stop: StopRequest, clock: Clock = SYSTEM_CLOCK) -> int:
    """Be the main process of a cluster until SIGTERM; returns the exit code.

    Other than 0: the sentinel died, and what it guarded must be ended. `stop` is a signal that
    came before the cluster could take it.
    """
    supervisor = os.getppid()
    connections.close_all()  # no connection may be shared with the forked processes
    folder.mark_processes()
    cluster = Cluster()  # takes SIGTERM and SIGINT from here on
    if stop:
        return 0
    try:
        cluster.start()
    except RuntimeError as error:
        log.error("the cluster did not start: %s", error)
        return 1
    stop_event = cluster.stop_event
    while cluster.sentinel.is_alive():
        clock.sleep(LOOK_SECONDS)
        if os.getppid() != supervisor:
            log.warning("the supervisor of this cluster is gone: handing over and ending")
            return _end_alone(cluster, folder, clock)
    was_asked = cluster.stop_event is None or (stop_event is not None and stop_event.is_set())
    return 0 if was_asked else 1


def _end_alone(cluster: Cluster, folder: ClusterFolder, clock: Clock) -> int:
    """End without a supervisor that would kill what hangs: in the end we do it ourselves."""
    folder.ask_to_drain()
    if cluster.stop_event is not None:
        cluster.stop_event.set()
    until = clock.monotonic() + HAND_OVER_SECONDS
    while cluster.sentinel.is_alive() and clock.monotonic() < until:
        clock.sleep(LOOK_SECONDS)
    if cluster.sentinel.is_alive() and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    return 0
