"""Every bucket there is, read and never changed: for whoever watches the rates."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connections

from popflix.lib.errors import OperatorError
from popflix.lib.models import Bucket


@dataclass(frozen=True)
class BucketView:
    """Requests per second now in force and as configured, and why they differ."""

    name: str
    rate: float
    allowed_rate: float
    reason: str


def survey() -> list[BucketView]:
    """By name, from where `build_limiter` keeps them. Raises OperatorError where that fails."""
    if settings.REDIS_URL:
        return _in_redis()
    if connections["default"].vendor == "sqlite":
        return _in_file(Path(settings.POPFLIX_VAR) / "limiter.sqlite3")
    rows = Bucket.objects.order_by("name")
    return [BucketView(*row) for row in rows.values_list("name", *_COLUMNS)]


_COLUMNS = ("rate", "allowed_rate", "reason")


def _in_file(path: Path) -> list[BucketView]:
    if not path.exists():
        return []
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            rows = connection.execute(f"SELECT name, {', '.join(_COLUMNS)} FROM bucket").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        if "no such table" in str(error):  # another process is just making it
            return []
        raise OperatorError(
            f"The limiter's file {path} cannot be read ({error}).", "It may be deleted."
        ) from None
    return sorted((BucketView(*row) for row in rows), key=lambda bucket: bucket.name)


def _in_redis() -> list[BucketView]:
    from popflix.lib.limiter.redis import RedisStore

    store = RedisStore(settings.REDIS_URL, "", 1.0)
    try:
        found = store.read_all()
    finally:
        store.close()
    return [
        BucketView(name, bucket.rate, bucket.allowed_rate, bucket.reason)
        for name, bucket in found.items()
    ]
