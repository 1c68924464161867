"""Where the pages of a provider's list come from: files, or addresses."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.parse import parse_qsl

from popflix.lib.backoff import backoff_seconds
from popflix.lib.clock import Clock
from popflix.lib.errors import OperatorError
from popflix.lib.http import HttpClient, RateLimited, UpstreamError
from popflix.lib.limiter import Limiter
from sync.availability.template import base_and_rest, secrets_in
from sync.availability.types import ProviderConfig

_TRIES = 4
_LANE = 2  # of the schedule: a whole run waits for the list
_CONNECT_SECONDS, _READ_SECONDS, _DEADLINE_SECONDS = 5.0, 20.0, 120.0
_MOST_BYTES = 64_000_000


class FilePages:
    """Pages of a list that lies on this host."""

    def __init__(self, config: ProviderConfig, limiter: Limiter) -> None:
        self._config, self._limiter = config, limiter

    @property
    def request_count(self) -> int:
        return 0

    def fetch(self, number: int) -> bytes:
        """Raises OperatorError where there is no such file, or one too large."""
        path = Path(self._config.template.format(page=number)).expanduser()
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise self._told(path, f"is larger than {_MOST_BYTES // 1_000_000} MB")
            return path.read_bytes()
        except OSError as error:
            raise self._told(path, f"cannot be read ({error.strerror})") from None

    def close(self) -> None:
        self._limiter.close()

    def _told(self, path: Path, what: str) -> OperatorError:
        return OperatorError(
            f"The list of the provider {self._config.name}, {path}, {what}.",
            "Correct its template, or put the file there; nothing was checked by it.",
        )


class HttpPages:
    """Pages of a list that a server sends. Its redirects are not followed."""

    def __init__(self, config: ProviderConfig, limiter: Limiter, clock: Clock) -> None:
        self._config, self._clock = config, clock
        base, rest = base_and_rest(config.template)
        self._path, _, query = rest.partition("?")
        keys = set(secrets_in(config.template))
        pairs = parse_qsl(query, keep_blank_values=True)
        self._params = {name: value for name, value in pairs if value not in keys}
        self._client = HttpClient(
            upstream=config.name,
            base_url=base,
            headers={"Accept": "application/json"},
            params={name: value for name, value in pairs if value in keys},
            connect_seconds=_CONNECT_SECONDS,
            read_seconds=_READ_SECONDS,
            deadline_seconds=_DEADLINE_SECONDS,
            max_bytes=_MOST_BYTES,
            limiter=limiter,
            clock=clock,
        )

    @property
    def request_count(self) -> int:
        return self._client.sent

    def fetch(self, number: int) -> bytes:
        """Raises OperatorError where the server refuses, RateLimited, Unavailable or Parked
        where it may answer later."""
        tries = 1
        while True:
            answer = self._try(number)
            if isinstance(answer, bytes):
                return answer
            if not answer.retryable:
                raise self._told(number, answer)
            if tries == _TRIES:
                raise answer
            if not isinstance(answer, RateLimited):  # a 429 is waited for at the limiter
                self._clock.sleep(backoff_seconds(tries, random.random()))
            tries += 1

    def close(self) -> None:
        self._client.close()

    def _try(self, number: int) -> bytes | UpstreamError:
        params = {name: value.format(page=number) for name, value in self._params.items()}
        try:
            return self._client.get(self._path.format(page=number), params, lane=_LANE).body
        except UpstreamError as error:
            return error

    def _told(self, number: int, error: UpstreamError) -> OperatorError:
        where = f"page {number}: " if number > 1 else ""
        what = str(error).rstrip(".?!")
        return OperatorError(
            f"The list of the provider {self._config.name} cannot be had: {where}{what}.",
            "Correct its template; nothing was checked by it.",
        )
