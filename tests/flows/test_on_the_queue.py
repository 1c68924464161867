"""The main job and the import on the queue, by a real `manage.py work`."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.flows.enrichment import asked_in_vain, expected, query, sandboxed, state
from tests.site import Site

pytestmark = [pytest.mark.measured, pytest.mark.either]

TITLES = 150


@contextmanager
def working(site: Site) -> Iterator[subprocess.Popen[str]]:
    """A worker; SIGTERM at the end, which it obeys with everything handed over."""
    process = site.popen("work")
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=45)
        assert process.returncode == 143, err
    finally:
        process.kill()
        process.communicate()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, f"{what}: it never came"
        time.sleep(0.1)


def stored(site: Site, run: int) -> tuple[str, dict[str, Any]]:
    ((status, result),) = query(site, f"SELECT status, result FROM engine_run WHERE id = {run}")
    return status, json.loads(result)


def test_an_enqueued_run_survives_its_worker_and_adds_up(site: Site) -> None:
    with sandboxed(site, TITLES, rate=60, latency_ms=20) as sandbox:
        run = site.json("sync_tmdb", "--enqueue", "--batch-size", "20")["run"]
        with working(site):
            wait_until(lambda: sandbox.report()["requests"] > TITLES / 3, "a third of the work")
        assert stored(site, run)[0] == "waiting"
        with working(site):
            wait_until(lambda: stored(site, run)[0] == "completed", "the end of the run")
            tsv = str(site.folder / "title.basics.tsv")
            imported = site.json("run_unit", "import-imdb", "--param", f"file={tsv}", "--enqueue")
            wait_until(lambda: stored(site, imported["run"])[0] == "completed", "the import")
        assert state(site) == expected(sandbox)
        assert asked_in_vain(sandbox, TITLES) == 0
        result = stored(site, run)[1]
        assert result["requests"] == sandbox.report()["requests"]
        assert result["success"] + result["failed"] == TITLES
        assert stored(site, imported["run"])[1]["unchanged"] == TITLES
