"""Choose where a bucket is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connections

from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.limiter import policy
from popflix.lib.limiter.paced import PacedLimiter
from popflix.lib.limiter.store import MemoryStore, Store


def build_limiter(
    name: str,
    rate: float,
    *,
    backend: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
    stop: Callable[[], bool] = lambda: False,
) -> PacedLimiter:
    """The limiter of the upstream `name`, allowed `rate` requests per second.

    Without `backend` (`memory`, `sqlite`, `sql`, `redis`) the bucket is kept in Redis where
    REDIS_URL names one, else in a row of the default database, on SQLite in a file beside it.
    The rate takes effect at once for everybody who shares the bucket: the last one built wins.
    Raises OperatorError where Redis or the file cannot be used, DatabaseError where the row can't.
    """
    store = _store(backend or _backend(), name, rate, clock)
    store.change(lambda bucket, _: policy.configure(bucket, rate))
    return PacedLimiter(name, rate, store, clock, stop=stop)


def _backend() -> str:
    if settings.REDIS_URL:
        return "redis"
    return "sqlite" if connections["default"].vendor == "sqlite" else "sql"


def _store(backend: str, name: str, rate: float, clock: Clock) -> Store:
    # Imported where chosen: a site loads no driver and no client that it does not use.
    if backend == "memory":
        return MemoryStore(rate, clock)
    if backend == "sqlite":
        from popflix.lib.limiter.sqlite import SqliteStore

        return SqliteStore(Path(settings.POPFLIX_VAR) / "limiter.sqlite3", name, rate, clock)
    if backend == "redis":
        from popflix.lib.limiter.redis import RedisStore

        return RedisStore(settings.REDIS_URL, name, rate)
    if backend == "sql":
        from popflix.lib.limiter.sql import DIALECTS, SqlStore

        return SqlStore("default", DIALECTS[connections["default"].vendor], name, rate)
    raise ValueError(f"no limiter backend {backend!r}; there are memory, sqlite, sql and redis")
