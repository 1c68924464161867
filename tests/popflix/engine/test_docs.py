"""docs/engine.md teaches by examples that work, in the order in which it gives them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from popflix.engine.models import Event, Run
from popflix.engine.registry import registry
from tests.popflix.engine.lessons import DOCUMENT, examples

pytestmark = pytest.mark.usefixtures("threads", "ten_times_as_fast")


@pytest.fixture
def ten_times_as_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds that an example sleeps are tenths."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(seconds / 10))


@pytest.fixture
def units_go() -> Iterator[None]:
    before = set(registry.names())
    yield
    for unit in set(registry.names()) - before:
        registry.release(unit)


@pytest.mark.both_databases
@pytest.mark.usefixtures("units_go")
def test_every_example_works_and_prints_what_the_page_says() -> None:
    names: dict[str, object] = {}
    for example in examples():
        printed = example.run(names)
        if "data-ingestion-process" in example.code:
            assert_in_the_seeds_order(printed)
        else:
            assert printed == example.printed, f"{DOCUMENT}:{example.line}"
    assert_that_the_first_unit_counted_in_chunks()


def assert_in_the_seeds_order(printed: list[str]) -> None:
    """Which of two threads comes first is theirs to say; what each of them does is not."""
    process, users, products = (
        [each.rpartition("-> ")[2] for each in printed if word in each]
        for word in ("'data-ingestion-process'", "user", "product")
    )
    assert process == ["queued", "start", "complete"]
    for told, what in ((users, "user"), (products, "product")):
        assert told == [
            "queued",
            "start",
            f"Worker [{what}-data-worker]: Starting to fetch {what} data...",
            f"Worker [{what}-data-worker]: Finished fetching {what} data.",
            f"{what}s-fetched",
            "complete",
        ]
    assert printed[0] == "--- Starting Data Ingestion Process ---"
    assert "process' status changed to -> complete" in printed[-2]
    assert printed[-1] == "--- Data Ingestion Process Finished ---"


def assert_that_the_first_unit_counted_in_chunks() -> None:
    for run in Run.objects.filter(unit="count-up"):
        assert (run.status, run.done_count, run.total_count) == ("completed", 25, 25)
        told = Event.objects.filter(run=run, milestone_id="counted").order_by("id")
        assert [event.payload["last"] for event in told] == [9, 19, 24]
        assert [str(run), str(told[0])] == [f"count-up #{run.pk}", "milestone count-up"]
    assert Run.objects.filter(unit="count-up").count() == 2
