"""The only package that knows django-q2: it wakes a run up, and knows nothing about it.

A delivery carries the run's number and nothing else. It may come twice, late, early or never;
`runs.claim_run` makes each of these harmless.

queue        putting deliveries on the queue, and looking at those that wait there
deliveries   what django-q2 calls
fallback     the one Schedule row that ticks where no supervisor does
cluster      the main process of one cluster, as the supervisor starts it
marks        what the processes of a cluster leave on the disk for the supervisor
"""

from __future__ import annotations

from popflix.engine.q2.queue import (
    OPERATOR,
    dispatch,
    give_back,
    oldest_waiting,
    prune,
    waiting_deliveries,
)

__all__ = ["OPERATOR", "dispatch", "give_back", "oldest_waiting", "prune", "waiting_deliveries"]
