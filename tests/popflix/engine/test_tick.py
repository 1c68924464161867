"""`manage.py tick` is one look of the watcher, for cron."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from popflix.engine import runs
from popflix.engine.models import Run, RunStatus, Supervisor
from popflix.engine.registry import Unit
from popflix.lib.clock import SYSTEM_CLOCK
from tests.popflix.engine.watching import known, make_dead, nothing, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_other_units")]


@pytest.fixture(autouse=True)
def demo(no_other_units: None) -> Iterator[None]:
    with known(Unit("demo", nothing)):
        yield


def tick(*options: str) -> str:
    out = io.StringIO()
    call_command("tick", *options, stdout=out, stderr=io.StringIO())
    return out.getvalue().strip()


def abandoned() -> Run:
    run = runs.create_run(
        "demo", {}, trigger="command", clock=SYSTEM_CLOCK, status=RunStatus.RUNNING
    )
    make_dead(run)
    return run


def test_a_tick_says_what_it_did() -> None:
    run = abandoned()
    assert tick() == f"lost run {run.pk} of demo: process {run.pid} on this host is gone"
    assert tick() == "Nothing was to be done."


def test_as_json_it_says_the_same() -> None:
    run = abandoned()
    (done,) = json.loads(tick("--json"))["done"]
    assert (done["what"], done["unit"], done["run"]) == ("lost", "demo", run.pk)
    assert json.loads(tick("--json")) == {"done": []}


def test_a_dry_run_says_what_would_be_done_and_does_nothing() -> None:
    assert tick("--dry-run") == "Nothing is to be done."
    run = abandoned()
    assert tick("--dry-run").startswith(f"recover run {run.pk}: process")
    assert len(json.loads(tick("--dry-run", "--json"))["would"]) == 1
    assert stored(run).status == RunStatus.RUNNING


def test_it_says_that_what_is_queued_waits_where_nobody_works() -> None:
    runs.create_run("demo", {}, trigger="command", clock=SYSTEM_CLOCK)
    assert tick().endswith("Until then queued runs wait.")
    now = SYSTEM_CLOCK.now()
    Supervisor.objects.create(host="h", pid=1, workers=2, started_at=now, beat_at=now)
    assert tick() == "Nothing was to be done."
