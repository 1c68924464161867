"""The seed's example program, line by line, in one process of the operating system."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from popflix.engine import create_manager
from popflix.engine.bus import Heard
from popflix.engine.managing import Manager
from popflix.engine.models import Event
from popflix.engine.registry import Registry
from popflix.engine.runner import RunOutcome

pytestmark = [pytest.mark.usefixtures("threads"), pytest.mark.both_databases]
USERS, PRODUCTS, PROCESS = "user-data-worker", "product-data-worker", "data-ingestion-process"
USER_SECONDS, PRODUCT_SECONDS = 0.15, 0.3  # of the seed's 1.5 and 2.5


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def manager(heard: list[str]) -> Iterator[Manager]:
    made = create_manager(registry=Registry())

    def fetch_users() -> None:
        time.sleep(USER_SECONDS)
        made.emit_milestone("users-fetched", {"count": 100})

    def fetch_products() -> None:
        time.sleep(PRODUCT_SECONDS)
        made.emit_milestone("products-fetched", {"count": 5000})

    user_fetcher = {"id": USERS, "status": "idle", "run": fetch_users}
    product_fetcher = {"id": PRODUCTS, "status": "idle", "run": fetch_products}
    made.register_unit(
        {"id": PROCESS, "status": "idle", "workers": [user_fetcher, product_fetcher]}
    )
    made.register_unit(user_fetcher)
    made.register_unit(product_fetcher)

    def listener(event: Heard) -> None:
        told = event.milestone_id if event.type == "milestone" else event.type
        heard.append(f"{event.unit_id} {told}")

    unsubscribe = made.subscribe_to_events(listener)
    yield made
    unsubscribe()


def of(unit: str, heard: list[str]) -> list[str]:
    return [each.removeprefix(f"{unit} ") for each in heard if each.startswith(f"{unit} ")]


def assert_in_the_seeds_order(heard: list[str]) -> None:
    assert of(PROCESS, heard) == ["queued", "start", "complete"]
    assert of(USERS, heard) == ["queued", "start", "users-fetched", "complete"]
    assert of(PRODUCTS, heard) == ["queued", "start", "products-fetched", "complete"]
    assert heard[0] == f"{PROCESS} queued"
    assert heard[-1] == f"{PROCESS} complete"
    starts = [each for each in heard if each.endswith(" start")]
    assert starts[0] == f"{PROCESS} start"
    assert heard.index(f"{PRODUCTS} start") < heard.index(f"{USERS} complete")  # side by side
    assert heard.index(f"{USERS} complete") < heard.index(f"{PRODUCTS} complete")


def test_the_process_completes_only_after_both_workers(manager: Manager, heard: list[str]) -> None:
    outcome = manager.run_process_by_id(PROCESS)
    assert isinstance(outcome, RunOutcome)
    assert outcome.run.status == "completed"
    assert_in_the_seeds_order(heard)


def test_the_process_may_be_awaited_as_the_seed_does(manager: Manager, heard: list[str]) -> None:
    async def main() -> RunOutcome:
        running = manager.run_process_by_id(PROCESS)
        assert not isinstance(running, RunOutcome)
        return await running

    assert asyncio.run(main()).run.status == "completed"
    assert_in_the_seeds_order(heard)


def test_what_is_heard_is_what_is_stored(manager: Manager, heard: list[str]) -> None:
    manager.run_process(PROCESS)
    stored = [
        f"{event.unit} {event.milestone_id if event.kind == 'milestone' else event.kind}"
        for event in Event.objects.order_by("id")
    ]
    assert sorted(heard) == sorted(stored)
    milestones = Event.objects.filter(kind="milestone").order_by("milestone_id")
    assert [(each.unit, each.payload) for each in milestones] == [
        (PRODUCTS, {"count": 5000}),
        (USERS, {"count": 100}),
    ]
