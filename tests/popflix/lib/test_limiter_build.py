"""Where the bucket is kept, and what building a limiter changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker, Settings

from popflix.lib.limiter import build_limiter
from popflix.lib.limiter.build import _backend
from popflix.lib.models import Bucket
from tests.popflix.lib.buckets import alias_with_bucket, database_url
from tests.services.servers import Server
from tests.site import ROOT


def test_redis_wins_where_it_is_named(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1"
    assert _backend() == "redis"


@pytest.mark.redis
def test_a_limiter_in_redis(settings: Settings, redis_server: Server) -> None:
    settings.REDIS_URL = f"{redis_server.url}/2"
    limiter = build_limiter("built", 38)
    limiter.acquire()
    assert build_limiter("built", 38).state().next_slot_in_seconds > 0
    limiter.close()


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_limiter_beside_the_default_database(settings: Settings, tmp_path: Path) -> None:
    settings.POPFLIX_VAR = tmp_path
    limiter = build_limiter("built", 38)
    limiter.acquire()
    assert (tmp_path / "limiter.sqlite3").exists() is (_backend() == "sqlite")
    assert build_limiter("built", 38).state().next_slot_in_seconds > 0
    limiter.close()


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_new_setting_takes_effect_for_everybody(settings: Settings, tmp_path: Path) -> None:
    settings.POPFLIX_VAR = tmp_path
    running = build_limiter("configured", 38)
    newer = build_limiter("configured", 20)
    assert (running.state().rate, running.state().allowed_rate) == (20, 20)
    running.close()
    newer.close()


def test_an_unknown_backend_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="memory, sqlite, sql and redis"):
        build_limiter("x", 1, backend="abacus")


def test_the_buckets_columns_are_those_the_stores_name() -> None:
    from popflix.lib.limiter.sql import _COLUMNS

    assert ["name", *_COLUMNS.split(", ")] == [field.column for field in Bucket._meta.fields]


FORK = """
import gc, os, sys
import django
django.setup()
from popflix.lib.limiter import build_limiter
limiter = build_limiter("forked", 1000, backend=sys.argv[1])
limiter.acquire()
child = os.fork()
if not child:
    limiter.acquire()
    del limiter
    gc.collect()
    os._exit(0)  # as multiprocessing ends its children
_, status = os.waitpid(child, 0)
held = limiter._store._connections.get()
limiter.acquire()
same = limiter._store._connections.get() is held
print(os.waitstatus_to_exitcode(status), same)
limiter.close()
"""


@pytest.mark.parametrize("backend", ["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def test_a_fork_leaves_the_parents_connection_alone(
    backend: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    monkeypatch.setenv("POPFLIX_VAR", str(tmp_path))
    if backend == "mariadb":
        url = database_url(backend)
        monkeypatch.setenv("DATABASE_URL", url)
        with django_db_blocker.unblock(), alias_with_bucket(url, "forked"):
            pass
    done = subprocess.run(
        [sys.executable, "-c", FORK, "sqlite" if backend == "sqlite" else "sql"],
        cwd=ROOT, env={**os.environ, "DJANGO_SETTINGS_MODULE": "popflix.settings"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("0 True\n", "")
