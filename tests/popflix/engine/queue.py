"""django-q2 without its processes: pusher, worker and monitor, one after the other, here."""

from __future__ import annotations

import datetime as dt
from multiprocessing import Value
from queue import SimpleQueue
from threading import Event
from typing import Any

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.scheduler import scheduler
from django_q.worker import worker

from popflix.engine import q2


def deliver_all() -> int:
    """Deliver until both queues are empty; returns how many deliveries there were."""
    brokers = [get_broker(), get_broker(q2.OPERATOR)]
    count = 0
    while waiting := [broker for broker in brokers if broker.queue_size()]:
        count += sum(_deliver(broker) for broker in waiting)
    return count


def _deliver(broker: Any) -> int:
    once = Event()
    once.set()
    orders: SimpleQueue[Any] = SimpleQueue()
    results: SimpleQueue[Any] = SimpleQueue()
    pusher(orders, once, broker)
    count = orders.qsize()
    orders.put("STOP")
    worker(orders, results, Value("f", -1))
    results.put("STOP")
    monitor(results, broker)
    return count


def redeliver() -> None:
    """As if every delivery that is under way had been lost with its worker."""
    OrmQ.objects.update(lock=timezone.now() - dt.timedelta(seconds=1))


def tick() -> None:
    """What the cluster's guard does every 30 s: fire the schedules that are due."""
    scheduler(get_broker())
