"""What `manage.py work` does until a signal ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from popflix.engine.q2.cluster import cluster_command, cluster_environment, cluster_names
from popflix.engine.q2.marks import ClusterFolder
from popflix.engine.supervisor.folder import SupervisorFolder, clear_up
from popflix.engine.supervisor.guarded import GuardedCluster
from popflix.engine.supervisor.presence import Presence
from popflix.engine.supervisor.ticker import Ticker, Ticks
from popflix.engine.supervisor.waiting import wait_for_database
from popflix.lib.children import LOOK_SECONDS
from popflix.lib.clock import Clock
from popflix.lib.command import StopRequest, stop_on_signals

TICKER_SECONDS = 5.0  # how long the end waits for a tick under way
SHOW_LIFE_SECONDS = 600.0


@dataclass(frozen=True)
class Worked:
    """What a supervisor did in its life."""

    ticks: int = 0
    replaced: int = 0  # clusters
    cleared_up: int = 0  # clusters that a dead supervisor had left


def work(
    *,
    base: Path,
    var: Path,
    workers: int,
    tick_seconds: float,
    stop: StopRequest,
    say: Callable[[str], None],
    clock: Clock,
    watcher: Ticks,
) -> Worked:
    """Guard the clusters and tick until `stop`; returns when no process of ours is left."""
    cleared_up = clear_up(var, time.time())
    if cleared_up:
        say("Ended what a killed supervisor had left running.")
    if not wait_for_database(stop, say):
        return Worked(cleared_up=cleared_up)
    with _folder(var) as folder, _guarded(base, folder, clock) as clusters:
        presence = Presence(workers, clock)
        ticker = Ticker(watcher, presence, clusters, seconds=tick_seconds, clock=clock)
        ticker.start()
        say(f"Working with {workers} processes, and two for what operators start.")
        say("Ctrl-C ends it.")
        _guard(clusters, ticker, folder, stop, clock)
        say("Stopping: runs hand over after their chunk; Ctrl-C again to end at once.")
        for cluster in clusters:
            cluster.ask_to_end()
        ticker.end(TICKER_SECONDS)
    return Worked(ticker.count, sum(cluster.replaced for cluster in clusters), cleared_up)


def _guard(
    clusters: Sequence[GuardedCluster],
    ticker: Ticker,
    folder: SupervisorFolder,
    stop: StopRequest,
    clock: Clock,
) -> None:
    shown = clock.monotonic()
    while not stop.wait(LOOK_SECONDS):
        killed = [cluster.look() for cluster in clusters]
        if any(killed):
            ticker.hurry()  # the runs of killed processes need not wait for the next tick
        if clock.monotonic() - shown >= SHOW_LIFE_SECONDS:
            folder.show_life()
            shown = clock.monotonic()


@contextmanager
def _folder(var: Path) -> Iterator[SupervisorFolder]:
    folder = SupervisorFolder.of_this_process(var)
    try:
        yield folder
    finally:
        folder.remove()


@contextmanager
def _guarded(base: Path, folder: SupervisorFolder, clock: Clock) -> Iterator[list[GuardedCluster]]:
    def command(of: ClusterFolder) -> Sequence[str]:
        return cluster_command(base, of)

    clusters: list[GuardedCluster] = []
    try:
        for name in cluster_names():  # one by one: what is started is ended, whatever fails
            environment = cluster_environment(name)
            clusters += [
                GuardedCluster(
                    name, command, environment, new_folder=folder.new_cluster, clock=clock
                )
            ]
        yield clusters
    finally:
        with stop_on_signals() as hurry:
            _end_all(clusters, hurry)


def _end_all(clusters: Sequence[GuardedCluster], hurry: StopRequest) -> None:
    """Each cluster says itself when waiting for it is over; a second signal ends the wait."""
    for cluster in clusters:
        cluster.ask_to_end()
    while any(not cluster.has_ended() for cluster in clusters):
        if hurry.wait(LOOK_SECONDS):
            break
    for cluster in clusters:
        cluster.end()
