"""Deliveries: putting them on the queue, counting those that wait, pruning what is left behind."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Model, QuerySet
from django_q.conf import Conf
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from popflix.lib.batches import chunk

OPERATOR = "operator"  # the second, small cluster, so that a click never queues behind a crawl
_DELIVERY = "popflix.engine.q2.deliveries.run"
_PRUNED_AT_ONCE = 500  # rows per transaction: on SQLite nobody else writes meanwhile


def main_cluster() -> str:
    return str(Conf.PREFIX)


def dispatch(run_id: int, *, cluster: str | None = None) -> None:
    """Ask the queue (`cluster` None: the main one) to run `run_id` soon.

    Part of the caller's transaction: the queue's table lies in the same database.
    """
    # Always named: without a name django-q2 takes the queue of the process that calls, and what
    # the small cluster hands over would stay there. No result is kept: our own tables tell how
    # the run went. In an atomic block the broker leaves the connection alone; outside it would
    # close one that looks old.
    with transaction.atomic():
        async_task(
            _DELIVERY,
            int(run_id),
            task_name=f"run {run_id}",
            save=False,
            cluster=cluster or main_cluster(),
        )


def waiting_deliveries(cluster: str | None = None) -> int:
    """How many deliveries no cluster has taken yet."""
    return _waiting(cluster).count()


def oldest_waiting(cluster: str | None = None) -> int | None:
    """The delivery that no cluster has taken for the longest time."""
    return _waiting(cluster).order_by("pk").values_list("pk", flat=True).first()


def give_back(cluster: str) -> int:
    """Deliver again at once what a cluster had fetched ahead when it was killed.

    Nobody knows which cluster fetched a delivery: those of a living one come twice, harmlessly.
    """
    now = dt.datetime.now(dt.UTC)
    return int(OrmQ.objects.filter(key=cluster, lock__gt=now).update(lock=now))


def prune(before: dt.datetime) -> int:
    """Delete old results, and deliveries that nobody has taken since; returns how many rows.

    The watcher delivers again what still waits. Rows of queues that are not ours stay.
    """
    ours = [main_cluster(), OPERATOR]
    left = _delete(OrmQ.objects.filter(key__in=ours, lock__lt=before))
    return left + _delete(Task.objects.filter(stopped__lt=before))


def _waiting(cluster: str | None) -> QuerySet[Model]:
    """A taken delivery is locked for as long as django-q2 would wait for its end."""
    now = dt.datetime.now(dt.UTC)
    waiting: QuerySet[Model] = OrmQ.objects.filter(key=cluster or main_cluster(), lock__lte=now)
    return waiting


def _delete(rows: QuerySet[Model]) -> int:
    count = 0
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for some in chunk(keys, _PRUNED_AT_ONCE):
        count += rows.model._default_manager.filter(pk__in=some).delete()[0]
    return count
