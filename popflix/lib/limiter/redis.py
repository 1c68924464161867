"""The bucket as a hash in Redis, told time by the Redis server."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from popflix.lib.errors import ConfigurationError, OperatorError
from popflix.lib.limiter import policy
from popflix.lib.limiter.policy import CUTS_MODULUS, FURTHEST_SLOT_US, BucketState, Reply
from popflix.lib.limiter.store import Change
from popflix.lib.per_thread import PerThread
from popflix.lib.redact import redact

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

_RESERVE = f"""
local found = redis.call('HMGET', KEYS[1], 'next_slot_us', 'rate', 'cuts')
if not found[2] then return false end
local time = redis.call('TIME')
local now = time[1] * {policy.US} + time[2]
local slot = tonumber(found[1])
if slot < now or slot > now + {FURTHEST_SLOT_US} then slot = now end
local granted = slot - now <= tonumber(ARGV[1])
if granted then
    local gap = math.ceil({policy.GAP_FACTOR * policy.US:.0f} / tonumber(found[2]))
    redis.call('HSET', KEYS[1], 'next_slot_us', string.format('%.0f', slot + gap))
end
return {{granted and 1 or 0, slot - now, found[2], tonumber(found[3]) % {CUTS_MODULUS}}}
"""
_KEY_PREFIX = "popflix:limiter:"
_TIMEOUT_SECONDS = 5.0
_TYPES: dict[str, Callable[[str], Any]] = {"rate": float, "allowed_rate": float, "reason": str}


class RedisStore:
    """Shared by every host of one Redis."""

    def __init__(self, url: str, name: str, rate: float) -> None:
        self._url = url
        self._key = f"{_KEY_PREFIX}{name}"
        self._rate = rate
        self._clients = PerThread(self._connect, lambda client: client.close())

    def reserve(self, horizon_us: int) -> Reply:
        return self._with_client(lambda client: self._reserve(client, horizon_us))

    def change(self, change: Change) -> tuple[BucketState, int]:
        return self._with_client(lambda client: self._change(client, change))

    def read(self) -> tuple[BucketState, int]:
        return self.change(lambda bucket, _: bucket)

    def close(self) -> None:
        self._clients.close()

    def _reserve(self, client: Redis, horizon_us: int) -> Reply:
        script = client.register_script(_RESERVE)
        while (found := script(keys=[self._key], args=[horizon_us])) is None:
            self._change(client, lambda bucket, _: bucket)
        granted, wait_us, rate, cuts = found
        return Reply(bool(granted), int(wait_us), float(rate), int(cuts))

    def _change(self, client: Redis, change: Change) -> tuple[BucketState, int]:
        with client.pipeline() as pipe:
            while True:
                try:
                    return self._try_change(pipe, change)
                except _library().WatchError:
                    continue  # somebody reserved in between: look again

    def _try_change(self, pipe: Any, change: Change) -> tuple[BucketState, int]:
        pipe.watch(self._key)
        found = pipe.hgetall(self._key)
        seconds, micros = pipe.time()
        now_us = seconds * policy.US + micros
        bucket = _bucket(found) if found else policy.fresh(self._rate)
        changed = change(bucket, now_us)
        if found and changed is bucket:
            pipe.unwatch()
        else:
            pipe.multi()
            pipe.hset(self._key, mapping=asdict(changed))
            pipe.execute()
        return changed, now_us

    def read_all(self) -> dict[str, BucketState]:
        """Every bucket of this Redis, by name."""
        return self._with_client(_read_all)

    def _with_client(self, body: Callable[[Redis], T]) -> T:
        try:
            return body(self._clients.get())
        except _library().RedisError as error:
            cause = redact(f"{type(error).__name__}: {error}")
        self._clients.discard()
        raise OperatorError(
            f"The limiter cannot reach Redis ({cause}).",
            "Start Redis, correct REDIS_URL, or leave it empty to keep the rate in the database.",
        )

    def _connect(self) -> Redis:
        client: Redis = _library().Redis.from_url(
            self._url,
            decode_responses=True,
            max_connections=1,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
        )
        return client


def _library() -> Any:
    """The package redis, which only sites that set REDIS_URL install."""
    try:
        return importlib.import_module("redis")
    except ModuleNotFoundError:
        raise ConfigurationError(
            "REDIS_URL is set, but the package redis is not installed.",
            "Run `make setup`, or leave REDIS_URL empty.",
        ) from None


def _read_all(client: Any) -> dict[str, BucketState]:
    keys = sorted(client.scan_iter(f"{_KEY_PREFIX}*", count=100))
    found = {key.removeprefix(_KEY_PREFIX): client.hgetall(key) for key in keys}
    return {name: _bucket(values) for name, values in found.items() if values}


def _bucket(found: dict[str, str]) -> BucketState:
    return BucketState(**{name: _TYPES.get(name, int)(value) for name, value in found.items()})
