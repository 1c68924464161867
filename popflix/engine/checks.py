"""System checks: settings with which queued work would be lost, doubled or stuck are refused.

Each of them was measured; docs/adr/0003-queue-is-a-hint.md and 0004 tell what happens otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from popflix.lib.errors import ConfigurationError

OPERATOR = "operator"
_OURS = "popflix.engine."
_CALM_CACHES = ("LocMemCache", "DummyCache")
_GUARD_KILLS_AFTER = 3  # seconds that django-q2 adds to its time-out

Settings = Mapping[str, Any]
Found = Iterator[checks.CheckMessage]


def check_settings(app_configs: object = None, **kwargs: object) -> Sequence[checks.CheckMessage]:
    """What Django calls: everything that is wrong with the queue, its database and its cache."""
    queue: Settings = getattr(settings, "Q_CLUSTER", {})
    database: Settings = settings.DATABASES["default"]
    return [
        *check_queue(queue),
        *check_clusters(queue),
        *check_cache(queue, settings.CACHES),
        *check_database(database),
        *check_hosts(database, settings.CACHES),
    ]


def refuse_unsafe_settings() -> None:
    """Raise ConfigurationError for the first error that is not silenced."""
    for found in check_settings():
        if found.is_serious() and not found.is_silenced():
            raise ConfigurationError(f"{found.msg} ({found.id})", f"{found.hint}")


def check_queue(queue: Settings) -> Found:
    """Settings that hold for every cluster."""
    rules: Sequence[tuple[str, bool, str, str]] = [
        ("E001", queue.get("orm") == "default", "Q_CLUSTER does not use the default database.",
         'Set "orm": "default": a delivery is part of the transaction that makes it necessary.'),
        ("E002", _is_time_out(queue.get("timeout")), "Q_CLUSTER has no usable time-out.",
         'Set "timeout" to whole seconds, such as 120: without one a hanging worker stays.'),
        ("E004", queue.get("ack_failures") is True and queue.get("max_attempts") == 1,
         "Q_CLUSTER would repeat failed deliveries.",
         'Set "ack_failures": True and "max_attempts": 1: the engine retries, with back-off.'),
        ("E005", queue.get("save_limit", 250) <= 0, "Q_CLUSTER keeps a limited history.",
         'Set "save_limit": 0: any other limit locks all kept results at each end.'),
        ("E006", queue.get("catch_up", True) is False, "Q_CLUSTER replays missed schedules.",
         'Set "catch_up": False: the engine makes one run of all that was missed.'),
        ("E009", not queue.get("sync") and not queue.get("cached"),
         "Q_CLUSTER runs deliveries in their callers, or keeps results in the cache.",
         'Remove "sync" and "cached".'),
        ("E010", _divides(queue.get("guard_cycle", 0.5), queue.get("timeout")),
         "Q_CLUSTER's guard would miss the end of the time-out.",
         'Set "guard_cycle" to 0.5 or 1: it must divide the time-out evenly.'),
    ]  # fmt: skip
    for number, is_right, cause, cure in rules:
        if not is_right:
            yield _error(number, cause, cure)


def check_clusters(queue: Settings) -> Found:
    """Settings that each cluster may have its own of."""
    others = queue.get("ALT_CLUSTERS")
    if not isinstance(others, Mapping) or OPERATOR not in others:
        yield _error(
            "E007",
            f'Q_CLUSTER names no second cluster "{OPERATOR}".',
            'Set "ALT_CLUSTERS": {"operator": {"workers": 2, "queue_limit": 2, '
            '"scheduler": False}}.',
        )
        others = {}
    for name, own in [("the main cluster", {}), *others.items()]:
        yield from _check_cluster(name, {**queue, **own})


def _check_cluster(name: str, queue: Settings) -> Found:
    workers, limit = queue.get("workers") or 0, queue.get("queue_limit") or math.inf
    if workers < 1 or limit > workers or queue.get("bulk", 1) != 1:
        yield _error(
            "E008",
            f"Of {name} more deliveries would be fetched ahead than its workers can take.",
            'Set "workers", "queue_limit" to the same number, and "bulk": 1.',
        )
        return
    if not _is_time_out(queue.get("timeout")):
        return
    needed = _least_retry(queue["timeout"], workers, limit)
    if queue.get("retry", 60) < needed:
        yield _error(
            "E003",
            f"Of {name} a delivery would come again while it is still being worked on.",
            f'Set "retry" to at least {needed}: fetching ahead counts, not only the time-out.',
        )


def _least_retry(timeout: int, workers: int, limit: float) -> int:
    """The clock of `retry` starts when a delivery is fetched, not when it starts."""
    turns = math.ceil((limit + 1) / workers) + 1
    return turns * timeout + _GUARD_KILLS_AFTER


def _is_time_out(value: object) -> bool:
    return type(value) is int and value > 0


def _divides(cycle: float, timeout: object) -> bool:
    """django-q2 counts down in steps of the cycle, in 32-bit floats, and acts at exactly 0."""
    if type(timeout) is not int:  # told already
        return True
    exact = cycle > 0 and cycle * 8 == int(cycle * 8)
    return exact and (timeout + _GUARD_KILLS_AFTER) % cycle == 0


def check_cache(queue: Settings, caches: Mapping[str, Settings]) -> Found:
    name = queue.get("cache", "default")
    backend = str(caches.get(name, {}).get("BACKEND", ""))
    if not backend or backend.endswith(_CALM_CACHES):
        yield _error(
            "E011",
            f"The cache {name!r} of Q_CLUSTER is not shared between processes.",
            "Name a cache of files, of the database or of Redis: the clusters tell there how "
            "they are.",
        )


def check_database(database: Settings) -> Found:
    vendors: Mapping[str, Callable[[Settings], Found]] = {
        "sqlite3": _check_sqlite,
        "mysql": _check_mysql,
    }
    engine = str(database.get("ENGINE", "")).rpartition(".")[2]
    if engine in vendors:
        yield from vendors[engine](database.get("OPTIONS", {}))
    is_kept = database.get("CONN_MAX_AGE", 0) != 0
    if engine != "sqlite3" and is_kept and not database.get("CONN_HEALTH_CHECKS"):
        yield _error(
            "E014",
            "Connections are kept without being tested.",
            "Set CONN_HEALTH_CHECKS to True beside CONN_MAX_AGE: a dead one loses results.",
        )


def _check_sqlite(options: Settings) -> Found:
    statements = str(options.get("init_command", "")).replace(" ", "").lower()
    if options.get("transaction_mode") != "IMMEDIATE" or "journal_mode=wal" not in statements:
        yield _error(
            "E012",
            "SQLite would answer two writers with `database is locked`.",
            'Set OPTIONS "transaction_mode": "IMMEDIATE" and "init_command": '
            '"PRAGMA journal_mode=WAL".',
        )


def _check_mysql(options: Settings) -> Found:
    if str(options.get("isolation_level", "")).lower() != "read committed":
        yield _error(
            "E013",
            "MariaDB would lock more rows than a claim takes.",
            'Set OPTIONS "isolation_level": "read committed".',
        )


def check_hosts(database: Settings, caches: Mapping[str, Settings]) -> Found:
    is_sqlite = str(database.get("ENGINE", "")).endswith("sqlite3")
    uses_redis = any("redis" in str(cache.get("BACKEND", "")) for cache in caches.values())
    if is_sqlite and uses_redis:
        yield checks.Warning(
            "SQLite serves one host only, and Redis is there for several.",
            hint="Set DATABASE_URL to a MariaDB where several hosts run `manage.py work`.",
            id=f"{_OURS}W001",
        )


def _error(number: str, cause: str, cure: str) -> checks.Error:
    return checks.Error(cause, hint=cure, id=f"{_OURS}{number}")
