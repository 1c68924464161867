"""One rate for three processes of four threads each, on every backend that is shared."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.benchmarks.limiter_pace import measure, worst_second
from tests.popflix.lib.buckets import SHARED_BACKENDS, alias_with_bucket, database_url
from tests.services.plugin import require


@pytest.mark.paced
@pytest.mark.parametrize("backend", SHARED_BACKENDS)
def test_three_processes_never_exceed_forty_in_any_second(
    backend: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    monkeypatch.setenv("POPFLIX_VAR", str(tmp_path))
    kind = backend
    if backend == "redis":
        monkeypatch.setenv("REDIS_URL", f"{require('redis').url}/1")
    elif backend != "sqlite":
        kind, url = "sql", database_url(backend)
        monkeypatch.setenv("DATABASE_URL", url)
        with django_db_blocker.unblock(), alias_with_bucket(url, "shared"):
            pass
    counted = measure(kind, rate=38, processes=3, threads=4, seconds=2.2)
    assert counted["worst_second"] <= 40
    assert counted["fewest"] > 0


def test_the_worst_second_is_counted_over_every_window() -> None:
    assert worst_second([]) == 0
    assert worst_second([5.0, 0.0, 0.5, 1.0, 1.4]) == 3
