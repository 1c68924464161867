"""Deliveries: named, counted, given back, pruned."""

from __future__ import annotations

import datetime as dt

import pytest
from django_q.conf import Conf
from django_q.models import OrmQ, Task

from popflix.engine import q2
from popflix.engine.q2 import queue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
NOW = dt.datetime.now(dt.UTC)
AGO = dt.timedelta(days=1)


def stored(key: str = "popflix", lock: dt.datetime = NOW - AGO) -> int:
    return int(OrmQ.objects.create(key=key, payload="", lock=lock).pk)


def result(stopped: dt.datetime) -> None:
    Task.objects.create(
        id=f"{stopped}"[:32], name="old", func="f", started=stopped, stopped=stopped
    )


def test_a_delivery_goes_to_the_main_cluster_also_when_the_small_one_hands_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Conf, "CLUSTER_NAME", q2.OPERATOR)  # as in that cluster's processes
    q2.dispatch(1)
    q2.dispatch(2, cluster=q2.OPERATOR)
    assert list(OrmQ.objects.order_by("pk").values_list("key", flat=True)) == [
        "popflix",
        "operator",
    ]


def test_a_delivery_waits_until_a_cluster_takes_it() -> None:
    assert (q2.waiting_deliveries(), q2.oldest_waiting()) == (0, None)
    first = stored()
    stored(lock=NOW + AGO)  # taken
    stored()
    stored(q2.OPERATOR)
    assert (q2.waiting_deliveries(), q2.oldest_waiting()) == (2, first)
    assert q2.waiting_deliveries(q2.OPERATOR) == 1


def test_what_a_killed_cluster_had_fetched_is_given_back() -> None:
    stored(lock=NOW + AGO)
    stored(q2.OPERATOR, lock=NOW + AGO)
    assert q2.give_back("popflix") == 1
    assert (q2.waiting_deliveries(), q2.waiting_deliveries(q2.OPERATOR)) == (1, 0)


def test_old_results_and_deliveries_that_nobody_takes_are_pruned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "_PRUNED_AT_ONCE", 2)
    for _ in range(3):
        stored()
    young = {stored(lock=NOW), stored(lock=NOW + AGO)}
    elses = stored("another-project")
    result(NOW - AGO)
    result(NOW)
    assert q2.prune(NOW - AGO / 2) == 4
    assert set(OrmQ.objects.values_list("pk", flat=True)) == young | {elses}
    assert Task.objects.count() == 1
