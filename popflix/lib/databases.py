"""Connection and cache settings that keep claims, bulk writes and workers safe.

The values follow measurements (docs/architecture.md): WAL and IMMEDIATE on SQLite, so that a
second writer waits instead of failing; UTC, READ COMMITTED and strict mode on MariaDB, so that
what the database stamps, locks and refuses is the same everywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from popflix.lib.folders import ensure_folder

SQLITE_BUSY_SECONDS = 20
_SQLITE_INIT = "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-65536"
_MYSQL_INIT = (
    "SET time_zone='+00:00', "
    "sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
)


def database_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Complete one parsed DATABASE_URL (NAME, USER, …, ENGINE) with the vendor's options."""
    engine = str(config["ENGINE"])
    settings = {**config, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    given = dict(config.get("OPTIONS", {}))
    if engine.endswith("sqlite3"):
        ensure_folder(Path(str(config["NAME"])).parent)
        defaults: dict[str, Any] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_BUSY_SECONDS,
            "init_command": _SQLITE_INIT,
        }
    elif engine.endswith("mysql"):
        defaults = {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "init_command": _MYSQL_INIT,
        }
    else:
        defaults = {}
    return {**settings, "OPTIONS": {**defaults, **given}}


def cache_settings(redis_url: str, var: Path) -> dict[str, Any]:
    """Redis where there is one; else files, which every process of this host sees."""
    if redis_url:
        backend = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url}
        return {"default": backend, "queue": {**backend, "KEY_PREFIX": "queue"}}
    files = "django.core.cache.backends.filebased.FileBasedCache"
    return {
        name: {"BACKEND": files, "LOCATION": str(var / "cache" / name)}
        for name in ("default", "queue")
    }
